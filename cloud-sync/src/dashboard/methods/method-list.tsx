// Every verification method with its switch for this event, what it is, and what is missing before it works.
import type { EventResponse, MethodSwitch, Problem, Result, FaceSetupResponse, MethodSwitches } from '@postern/shared';
import { Badge, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { fill, say } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { assuranceTexts, labels } from './messages.ts';
import { lackTexts, methodTexts, sourceTexts, type Lack } from './method-texts.ts';
import { rulesOf } from './rules-draft.ts';

/** Where what a method needs is said. */
const setUpAt: Readonly<Record<string, string>> = { face: 'face', geofence: 'positions', nft: 'tokens' };

export function MethodList({ event }: { readonly event: EventResponse }): JSX.Element {
  const read = useAsked<MethodSwitches>(`/admin/events/${event.event}/methods`);
  const face = useAsked<FaceSetupResponse>(`/api/events/${event.event}/face`);
  const lacksOf = (method: string): readonly Lack[] => {
    switch (method) {
      case 'face':
        return face.value?.face.missing ?? (face.problem?.type === 'face-unset' ? ['consent', 'dpia', 'ageMin'] : []);
      case 'geofence':
        return event.policy.geofence === undefined ? ['places'] : [];
      case 'nft':
        return event.policy.nft === undefined ? ['contract'] : [];
      case 'pretix':
        return event.policy.pretix === undefined ? ['keys'] : [];
      default:
        return [];
    }
  };
  return (
    <>
      <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />
      <ul class="methods">
        {(read.value?.methods ?? []).map((one) => (
          <Method
            key={one.method}
            event={event}
            one={one}
            lacks={lacksOf(one.method)}
            onChange={async () => {
              await Promise.all([read.reload(), readEvents()]);
            }}
          />
        ))}
      </ul>
    </>
  );
}

interface MethodProps {
  readonly event: EventResponse;
  readonly one: MethodSwitch;
  readonly lacks: readonly Lack[];
  readonly onChange: () => Promise<void>;
}

function Method({ event, one, lacks, onChange }: MethodProps): JSX.Element {
  const { method, enabled, source } = one;
  const text = methodTexts[method];
  const name = text === undefined ? method : say(text.name);
  const where = setUpAt[method];
  const toggle = async (on: boolean): Promise<Result<unknown, Problem>> => {
    // What the rules rule out no switch brings back.
    const ruled = on && source === 'policy' ? await ruleIn(event, method) : undefined;
    if (ruled?.ok === false) return ruled;
    const answer = await ask<MethodSwitch>('POST', `/admin/methods/${method}/toggle`, {
      body: { enabled: on, event: event.event },
    });
    await onChange();
    return answer;
  };
  return (
    <li class="panel method" data-method={method}>
      <header>
        <h2>{name}</h2>
        <MethodBadge enabled={enabled} isReady={lacks.length === 0} />
      </header>
      {text !== undefined && (
        <>
          <p>{say(text.what)}</p>
          <p class="muted">
            {say(labels.proves)} {say(assuranceTexts[text.assurance])}.
          </p>
        </>
      )}
      {lacks.length > 0 ? (
        <div class="lacks">
          <StatusMark tone="warn">{say(labels.missing)}</StatusMark>
          <ul>
            {lacks.map((lack) => (
              <li key={lack}>{say(lackTexts[lack])}</li>
            ))}
          </ul>
        </div>
      ) : (
        where !== undefined && <StatusMark tone="good">{say(labels.nothingMissing)}</StatusMark>
      )}
      <footer class="actions-row">
        {source !== 'default' && <small>{say(sourceTexts[source])}</small>}
        {where !== undefined && (
          <a class="button quiet" href={addressOf({ event: event.event, section: 'rules', rest: [where] })}>
            {say(labels.setUp)}
            <span class="unseen"> {name}</span>
          </a>
        )}
        {enabled ? (
          <AskingButton
            kind="plain"
            label={say(labels.switchOff)}
            about={name}
            title={fill(labels.offTitle, { method: name })}
            consequence={say(labels.offConsequence)}
            act={say(labels.switchOff)}
            onConfirm={async () => orProblem(await toggle(false), () => undefined)}
          />
        ) : (
          <ActButton about={name} act={() => toggle(true)} disabled={lacks.length > 0}>
            {say(labels.switchOn)}
          </ActButton>
        )}
      </footer>
    </li>
  );
}

async function ruleIn(event: EventResponse, method: string): Promise<Result<unknown, Problem>> {
  const rules = rulesOf(event.policy);
  const body = {
    ...rules,
    methodsOff: rules.methodsOff.filter((off) => off !== method),
  };
  return ask<EventResponse>('PUT', `/api/events/${event.event}/policy`, { body });
}

const MethodBadge = ({ enabled, isReady }: { readonly enabled: boolean; readonly isReady: boolean }): JSX.Element => {
  if (!enabled) return <Badge tone="plain">{say(labels.off)}</Badge>;
  return isReady ? <Badge tone="good">{say(labels.on)}</Badge> : <Badge tone="warn">{say(labels.notSetUp)}</Badge>;
};
