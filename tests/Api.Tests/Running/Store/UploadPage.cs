namespace GrainVault.Api.Tests.Running.Store;

/// <summary>A page as somebody may write it who wants to send files of their users straight to the store.</summary>
internal static class UploadPage
{
    /// <summary>
    /// <c>upload</c> sends a file in parts and completes it with the ETags that it was allowed to read; <c>put</c> sends to any URL.
    /// </summary>
    public const string Html =
        """
        <!doctype html><title>upload</title><link rel="icon" href="data:,"><script>
        const byteAt = i => (i ^ (i >> 11)) & 255;
        async function upload({ api, token, size, partSize }) {
          const file = new Uint8Array(size).map((_, i) => byteAt(i));
          const call = async (path, body) => {
            const answer = await fetch(api + path, {
              method: 'POST', body: JSON.stringify(body),
              headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            });
            if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
            return answer.json();
          };
          const session = await call('v1/uploads', { name: 'browser.bin', size, partSize, mode: 'direct' });
          const numbers = [...Array(Math.ceil(size / partSize)).keys()].map(i => i + 1);
          const presigned = await call(`v1/uploads/${session.id}/presign`, { parts: numbers });
          const parts = await Promise.all(presigned.parts.map(async ({ number, url }) => {
            const put = await fetch(url, { method: 'PUT', body: file.slice((number - 1) * partSize, number * partSize) });
            if (!put.ok) throw new Error(`part ${number}: ${put.status}`);
            return { number, etag: put.headers.get('etag') };
          }));
          const done = await call(`v1/uploads/${session.id}/complete`, { parts });
          return { id: done.id, etags: parts.map(part => part.etag), store: new URL(presigned.parts[0].url).origin };
        }
        async function put(url) {
          try { return `${(await fetch(url, { method: 'PUT', body: 'x' })).status}`; } catch (e) { return e.name; }
        }
        </script>
        """;

    /// <summary>The byte that the page has at a place of its file.</summary>
    public static byte ByteAt(int index) => (byte)(index ^ (index >> 11));
}
