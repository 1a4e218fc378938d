import { DownloadError } from "./download-error.ts";
import { networkError, requireSuccess, type HttpClient } from "./http.ts";
import { parseRepository, type Repository } from "./repository.ts";
import { withRetries } from "./retry.ts";

/** Lists of real models have some kilobytes. */
const MAX_LIST_BYTES = 20_000_000;

/** Asks the hub which files a repository has at a revision. @throws {DownloadError} */
export async function listRepository(client: HttpClient, name: string): Promise<Repository> {
  const { endpoint, revision } = client.settings;
  const url = `${endpoint}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const { host } = new URL(url);
  const text = await withRetries(name, client.settings, async () => {
    const response = await client.send("GET", url);
    await requireSuccess(response, `model ${name} at revision ${revision}`, host);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body) {
        size += (chunk as Buffer).length;
        if (size > MAX_LIST_BYTES) throw new DownloadError("NOT_THE_FILE", `${host} sends an endless list of files.`);
        chunks.push(chunk as Buffer);
      }
    } catch (error) {
      throw networkError(error, host, client.settings.signal);
    }
    return Buffer.concat(chunks).toString("utf8");
  });
  return parseRepository(text, host);
}
