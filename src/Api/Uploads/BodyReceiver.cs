using GrainVault.Api.Http;
using GrainVault.Storage.Buffers;

namespace GrainVault.Api.Uploads;

/// <summary>Takes bodies in: admission first, then one pooled buffer, filled while it is hashed.</summary>
internal sealed class BodyReceiver(BytesInFlight inFlight, PartBufferPool buffers)
{
    /// <summary>The answer when there is no share of the bytes in flight.</summary>
    public static Problem Overloaded =>
        new(ProblemTypes.Overloaded, "Too many uploads are under way at this front end; try again.") { RetryAfterSeconds = 2 };

    /// <summary>Waits for a share of the bytes in flight and reads up to <paramref name="sizeMax"/> bytes of the body.</summary>
    /// <param name="request">The request, whose body was not read yet or was read up to the end of the part before.</param>
    /// <param name="sizeMax">Most bytes to read.</param>
    /// <param name="checksums">What the client claims; MD5 is computed only where it is claimed.</param>
    /// <param name="whole">Gets the same bytes, for the hash of a whole file of several parts; null for none.</param>
    /// <exception cref="ProblemException">There was no share within the limits: overloaded.</exception>
    public async Task<ReceivedBody> ReceiveAsync(HttpRequest request, long sizeMax, ContentChecksums checksums, BodyHash? whole = null)
    {
        // A buffer has a smallest size, and that is what it costs.
        var admission = await inFlight.TakeAsync(
                Math.Max(sizeMax, PartBufferPool.SmallSizeBytes), BodyHolders.Of(request.HttpContext).All, request.HttpContext.RequestAborted)
            ?? throw new ProblemException(Overloaded);
        if (buffers.TryRent((int)Math.Max(sizeMax, 1)) is not { } buffer)
        {
            admission.Dispose();
            throw new ProblemException(Overloaded);
        }

        var body = new ReceivedBody(buffer, admission);
        try
        {
            using var hash = new BodyHash(checksums.Md5 is not null);
            var filled = await BodyFiller.FillAsync(
                request.BodyReader,
                body.Buffer.Memory[..(int)sizeMax],
                bytes =>
                {
                    hash.Append(bytes.Span);
                    whole?.Append(bytes.Span);
                },
                // A client may end its side after the last byte, which the server takes for an abort; a cut ends the read by itself.
                CancellationToken.None);
            (body.Length, body.IsEnd) = filled;
            (body.Sha256, body.Md5) = (hash.Sha256(), hash.Md5());
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }
}
