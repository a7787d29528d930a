// The part of JSON Schema 2020-12 that our OpenAPI document uses: says where a value does not fit, and makes values that do.
// Stricter than the standard in one thing: a field that the schema does not name is an error, unless it says otherwise.
import fc from 'fast-check';

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  /** Of an array with as many places: what is in each. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  /** Only of patterns. */
  readonly allOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

/** Empty when `value` fits. */
export function misfits(schema: JsonSchema, value: unknown, at = '$'): readonly string[] {
  const variants = variantsOf(schema);
  if (variants !== undefined)
    return variants.some((variant) => misfits(variant, value, at).length === 0) ? [] : [`${at} fits no variant`];
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${at} is none of the values`];
  if (schema.const !== undefined) return schema.const === value ? [] : [`${at} is another value`];
  switch (schema.type) {
    case 'object':
      return misfitsOfObject(schema, value, at);
    case 'array': {
      if (!Array.isArray(value)) return [`${at} is no array`];
      const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = schema;
      if (value.length < minItems || value.length > maxItems) return [`${at} has ${value.length} items`];
      if (schema.prefixItems !== undefined) {
        if (value.length !== schema.prefixItems.length) return [`${at} has ${value.length} places`];
        return schema.prefixItems.flatMap((place, index) => misfits(place, value[index], `${at}[${index}]`));
      }
      return value.flatMap((item, index) => misfits(items, item, `${at}[${index}]`));
    }
    case 'string':
      return misfitsOfString(schema, value, at);
    case 'integer':
    case 'number': {
      if (typeof value !== 'number') return [`${at} is no number`];
      const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
      const isWhole = schema.type === 'number' || Number.isInteger(value);
      return isWhole && value >= minimum && value <= maximum ? [] : [`${at} is ${value}`];
    }
    case 'boolean':
    case 'null':
      return (schema.type === 'null' ? value === null : typeof value === 'boolean')
        ? []
        : [`${at} is no ${schema.type}`];
    case undefined:
      return [];
    default:
      throw new Error(`json-schema.ts does not know the type ${String(schema.type)}`);
  }
}

const variantsOf = (schema: JsonSchema): readonly JsonSchema[] | undefined =>
  schema.anyOf ??
  schema.oneOf ??
  (typeof schema.type === 'object' ? schema.type.map((type) => ({ ...schema, type })) : undefined);

function misfitsOfObject(schema: JsonSchema, value: unknown, at: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
  const { properties = {}, required = [], additionalProperties = schema.properties === undefined } = schema;
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return misfits(known, field, `${at}.${name}`);
    if (typeof additionalProperties === 'object') return misfits(additionalProperties, field, `${at}.${name}`);
    return additionalProperties ? [] : [`${at}.${name} is not described`];
  });
  return [...missing, ...wrong];
}

function misfitsOfString(schema: JsonSchema, value: unknown, at: string): readonly string[] {
  if (typeof value !== 'string') return [`${at} is no text`];
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  // JSON Schema and zod count code points.
  const characters = [...value].length;
  if (characters < minLength || characters > maxLength) return [`${at} has ${characters} characters`];
  return patternsOf(schema)
    .filter((pattern) => !pattern.test(value))
    .map((pattern) => `${at} does not match ${pattern.source}`);
}

const patternsOf = ({ pattern, allOf = [] }: JsonSchema): readonly RegExp[] =>
  [pattern, ...allOf.map((part) => part.pattern)].flatMap((source) =>
    source === undefined ? [] : new RegExp(source, 'u'),
  );

const itemsMax = 3;
const charactersMax = 40;

export interface ValuesOptions {
  /** With every optional field. */
  readonly all?: boolean;
  /** Values of fields that name something, by the field's name: no schema knows what is there. */
  readonly known?: Readonly<Record<string, unknown>>;
}

/** Values that fit, as far as the schema can say. */
export function valuesOf(schema: JsonSchema, options: ValuesOptions = {}): fc.Arbitrary<unknown> {
  const { all = false, known = {} } = options;
  const variants = variantsOf(schema);
  if (variants !== undefined) return fc.oneof(...variants.map((variant) => valuesOf(variant, options)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const fields = Object.fromEntries(
        Object.entries(properties).map(([name, field]) => {
          const values = valuesOf(field, options);
          if (!Object.hasOwn(known, name)) return [name, values];
          const value = fc.constant(known[name]);
          return [name, all ? value : fc.oneof(value, value, values)];
        }),
      );
      return fc.record(fields, { requiredKeys: all ? Object.keys(fields) : [...required] });
    }
    case 'array': {
      if (schema.prefixItems !== undefined)
        return fc.tuple(...schema.prefixItems.map((item) => valuesOf(item, options)));
      const minLength = Math.max(all ? 1 : 0, schema.minItems ?? 0);
      return fc.array(valuesOf(schema.items ?? {}, options), {
        minLength,
        maxLength: Math.max(minLength, Math.min(itemsMax, schema.maxItems ?? itemsMax)),
      });
    }
    case 'string':
      return texts(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, Number.MAX_SAFE_INTEGER) });
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

/** In patterns that `fc.stringMatching` cannot read. */
const unreadable = /\\p|\(\?[=!<]/;
/** Fits most of them. */
const ordinaryText = 'a@b.example';

function texts(schema: JsonSchema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  const patterns = patternsOf(schema);
  if (pattern !== undefined && patterns.length === 1 && !unreadable.test(pattern))
    return fc
      .stringMatching(new RegExp(pattern))
      .filter((text) => text.length >= minLength && text.length <= maxLength);
  return fc
    .string({
      unit: fc.constantFrom(...'abcXYZ019-_.'),
      minLength: Math.max(1, minLength),
      maxLength: Math.max(minLength, Math.min(maxLength, charactersMax)),
    })
    .map((text) => (patterns.every((candidate) => candidate.test(text)) ? text : ordinaryText));
}
