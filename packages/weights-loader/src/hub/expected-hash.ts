/** A hash that a server promises for a file's content. */
export interface ExpectedHash {
  /** `git` is the name of a blob in git: SHA-1 over "blob SIZE\0" and the content. */
  readonly algorithm: "sha256" | "git" | "md5" | "sha1";
  readonly hex: string;
}
