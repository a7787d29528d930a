// What a section of the dashboard is: its name and who may see it are known at once, its page is loaded when somebody goes there.
import type { EventResponse, EventRole, StaffTexts, UserView } from '@postern/shared';
import { EmptyState, Button } from '@postern/shared/ui';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from './language.ts';

export interface SectionProps {
  /** Always there in sections of an event. */
  readonly event?: EventResponse;
  /** What follows the section in the address. */
  readonly rest: readonly string[];
  readonly me: UserView;
}
/** Of a section with the scope `event`. */
export type EventSectionProps = SectionProps & { readonly event: EventResponse };

interface SectionNames {
  /** In the address. */
  readonly id: string;
  readonly title: StaffTexts;
  /** Who finds it in the navigation; the cloud decides what they may do there. */
  readonly roles: readonly (EventRole | 'admin')[] | 'everybody';
}
export type Section = SectionNames &
  (
    | { readonly scope: 'event'; readonly render: ComponentType<EventSectionProps> }
    | { readonly scope: 'deployment'; readonly render: ComponentType<SectionProps> }
  );

/** What `me` is at an event, or in the deployment. */
export const rolesOf = (me: UserView, event: number | undefined): readonly (EventRole | 'admin')[] =>
  me.administrator
    ? ['admin']
    : me.memberships.filter((membership) => membership.event === event).map(({ role }) => role);

/** Whether it is in the navigation of `me`, who looks at `event`. */
export const isOpenTo = (me: UserView, { scope, roles }: Section, event: number | undefined): boolean =>
  roles === 'everybody' || rolesOf(me, scope === 'event' ? event : undefined).some((role) => roles.includes(role));

/** A component that is loaded when it is first shown. */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props): JSX.Element {
    const [state, setState] = useState<'loading' | 'there' | 'failed'>(loaded === undefined ? 'loading' : 'there');
    useEffect(() => {
      if (state !== 'loading') return;
      const loadNow = async (): Promise<void> => {
        try {
          loaded = await load();
          setState('there');
        } catch {
          // No network, or the cloud has been updated and has it no more.
          setState('failed');
        }
      };
      void loadNow();
    }, [state]);
    if (loaded !== undefined) {
      const Component = loaded;
      return <Component {...props} />;
    }
    if (state === 'loading') return <p class="loading">{say({ en: 'One moment …', de: 'Einen Moment …' })}</p>;
    return (
      <EmptyState
        title={say({ en: 'This part could not be loaded', de: 'Dieser Teil konnte nicht geladen werden' })}
        action={<Button onClick={() => location.reload()}>{say({ en: 'Load again', de: 'Neu laden' })}</Button>}
      />
    );
  };
}
