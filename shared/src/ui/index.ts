// The components that all screens share; `base.css` beside this file has their looks.
export { Button, type ButtonKind, type ButtonProps } from './button.tsx';
export { Confirm, Dialog, type ConfirmProps, type DialogProps } from './dialog.tsx';
export { AreaField, CheckField, Field, SelectField, TextField, type Choice, type ControlIds } from './fields.tsx';
export { EmptyState, Panel, type PanelProps } from './panel.tsx';
export { Shape, shapeOfTone, type ShapeName, type Tone } from './shapes.tsx';
export { Badge, Banner, Progress, StatusMark } from './status.tsx';
export { useSubmit, type Submission } from './submit.ts';
export { Table, type Column, type TableProps } from './table.tsx';
export { showToast, Toasts } from './toasts.tsx';
export { keepAwake, letSleep } from './wake-lock.ts';
