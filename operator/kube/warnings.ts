/** `Warning` headers of the API server: `299 - "text"`, RFC 7234 §5.5; several may share one header. */

const warning = /\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g

/** The texts of a header, which Node gives as one string or as several. */
export const warningTexts = (header: string | string[] | undefined): string[] =>
  [header ?? []].flat().flatMap((line) => [...line.matchAll(warning)].map((match) => match[1]!.replace(/\\(.)/g, '$1')))
