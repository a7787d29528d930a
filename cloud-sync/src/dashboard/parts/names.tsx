// What people have typed, shown as it is, in the direction that it has, and never wider than its place.
import type { JSX } from 'preact';

export const Name = ({ children }: { readonly children: string }): JSX.Element => (
  <bdi class="typed-name" dir="auto">
    {children}
  </bdi>
);
