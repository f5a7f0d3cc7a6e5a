// The shape that a translation must have.

/**
 * The keys of the English catalogue with any text. Chinese has no singular, so `…_one` does not exist there.
 */
export type Words<T> = {
  [Key in keyof T as Key extends `${string}_one` ? never : Key]: T[Key] extends string
    ? string
    : Words<T[Key]>;
};
