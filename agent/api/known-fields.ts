// The names of the fields that a schema knows at a path, for suggestions in messages about unknown ones.
import { z } from 'zod';

/** Output-only fields are known but not worth suggesting. */
const OUTPUT_ONLY = new Set(['state', 'error', 'warnings', 'target_vm_name', 'target_vm_details']);

export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  let present = unwrapped(schema);
  for (const key of path) {
    if (present instanceof z.ZodObject) present = unwrapped(present.shape[String(key)]);
    else if (present instanceof z.ZodArray) present = unwrapped(present.element);
    else return [];
  }
  return present instanceof z.ZodObject ? Object.keys(present.shape).filter((name) => !OUTPUT_ONLY.has(name)) : [];
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap());
  }
  return schema;
}
