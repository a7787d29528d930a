# The cloud service as a container. Built and run by hand where there is Docker; the tests of this repository do not build it.
#
#   docker build -t postern-cloud .
#   docker run --init -p 8080:8080 -v postern-cloud:/var/lib/postern-cloud -e POSTERN_CLOUD_PUBLIC_URL=https://tickets.example postern-cloud
#
# The volume holds database, feed files and master.key; keep backups and the key apart. On PostgreSQL give POSTERN_CLOUD_DATABASE and
# POSTERN_CLOUD_MASTER_KEY_FILE, and any number of containers may run.

FROM node:20-bookworm-slim AS build
WORKDIR /build
# For native modules that have no prebuilt binary for the machine.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY cloud-sync/package.json cloud-sync/
COPY gate-agent/package.json gate-agent/
# Packages for a gate's devices are optional: npm goes on without those that do not build here.
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev --omit=optional --workspace cloud-sync --workspace shared

FROM node:20-bookworm-slim
ENV NODE_ENV=production POSTERN_CLOUD_DATA=/var/lib/postern-cloud POSTERN_CLOUD_HOST=0.0.0.0
COPY --from=build /build/package.json /srv/
COPY --from=build /build/node_modules /srv/node_modules
COPY --from=build /build/shared/package.json /srv/shared/
COPY --from=build /build/shared/dist /srv/shared/dist
COPY --from=build /build/cloud-sync/package.json /srv/cloud-sync/
COPY --from=build /build/cloud-sync/dist /srv/cloud-sync/dist
COPY --from=build /build/cloud-sync/contracts /srv/cloud-sync/contracts
RUN install -d -o node -g node -m 0700 /var/lib/postern-cloud
USER node
VOLUME /var/lib/postern-cloud
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "/srv/cloud-sync/dist/cli.js"]
CMD ["serve", "--port", "8080"]
