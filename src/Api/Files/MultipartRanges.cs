using System.Text;
using GrainVault.Files;

namespace GrainVault.Api.Files;

/// <summary>Several ranges as <c>multipart/byteranges</c> (RFC 9110, section 14.6).</summary>
internal sealed class MultipartRanges(ContentDescriptor content, ContentReader reader, IReadOnlyList<ByteRange> ranges, SentBytes sent)
{
    private readonly string _boundary = Guid.NewGuid().ToString("n");

    /// <summary>Sends the response.</summary>
    public async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        var heads = HeadsOf(response.ContentType!);
        var tail = Encoding.ASCII.GetBytes($"\r\n--{_boundary}--\r\n");
        response.StatusCode = StatusCodes.Status206PartialContent;
        response.ContentType = $"multipart/byteranges; boundary={_boundary}";
        response.ContentLength = heads.Sum(head => (long)head.Length) + ranges.Sum(range => range.Length) + tail.Length;

        var aborted = context.RequestAborted;
        // The first range is opened before anything is sent: a store that is down is a problem, not a broken response.
        var source = await reader.OpenAsync(content.ObjectKey, ranges[0], aborted);
        for (var i = 0; i < ranges.Count; i++)
        {
            await using var open = i == 0 ? source : await reader.OpenAsync(content.ObjectKey, ranges[i], aborted);
            await response.BodyWriter.WriteAsync(heads[i], aborted);
            await ContentReader.CopyAsync(open, response.BodyWriter, ranges[i].Length, sent, aborted);
        }

        await response.BodyWriter.WriteAsync(tail, aborted);
    }

    private byte[][] HeadsOf(string contentType)
    {
        var heads = new byte[ranges.Count][];
        for (var i = 0; i < heads.Length; i++)
        {
            var lead = i == 0 ? "" : "\r\n";
            heads[i] = Encoding.ASCII.GetBytes(
                $"{lead}--{_boundary}\r\nContent-Type: {contentType}\r\nContent-Range: {ranges[i].ToContentRange(content.SizeBytes)}\r\n\r\n");
        }

        return heads;
    }
}
