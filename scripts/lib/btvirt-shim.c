// Preloaded into btvirt, BlueZ's controller emulator. It closes every client where the kernel has no AF_ALG (it opens those sockets for the
// cryptography of pairing, of which there is none here): to such a kernel they seem to be there. And its sockets have one fixed place, which
// two tests at once would take from each other: they go to $BTVIRT_FOLDER.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char fixed_place[] = "/tmp/bt-server-";
static char is_alg[1024];

static const char *moved(const char *path, char *room, size_t size)
{
	const char *folder = getenv("BTVIRT_FOLDER");

	if (!folder || strncmp(path, fixed_place, sizeof(fixed_place) - 1))
		return path;
	snprintf(room, size, "%s/%s", folder, path + strlen("/tmp/"));
	return room;
}

int socket(int domain, int type, int protocol)
{
	int (*next)(int, int, int) = dlsym(RTLD_NEXT, "socket");
	int fd = next(domain, type, protocol);

	if (fd >= 0 || domain != AF_ALG)
		return fd;
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd >= 0 && fd < (int) sizeof(is_alg))
		is_alg[fd] = 1;
	return fd;
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char room[sizeof(to.sun_path)];

	if (address->sa_family == AF_ALG && fd >= 0 && fd < (int) sizeof(is_alg) && is_alg[fd])
		return 0;
	if (address->sa_family != AF_UNIX)
		return next(fd, address, length);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s",
		 moved(((const struct sockaddr_un *) address)->sun_path, room, sizeof(room)));
	return next(fd, (const struct sockaddr *) &to, sizeof(to));
}

int unlink(const char *path)
{
	int (*next)(const char *) = dlsym(RTLD_NEXT, "unlink");
	char room[sizeof(((struct sockaddr_un *) 0)->sun_path)];

	return next(moved(path, room, sizeof(room)));
}
