using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>
/// A file of several parts in one request: parts in order, the next one read while the one before is stored, and the hash of
/// the whole on the way.
/// </summary>
internal sealed class SessionUpload(
    IGrainFactory grains, GrainCalls calls, BodyReceiver receiver, PartWriters writers, Completion completion, ILogger<SessionUpload> logger)
{
    /// <summary>The refusal of content that is not what its headers claim.</summary>
    public static Refusal WrongChecksum { get; } =
        new(RefusalReason.ChecksumMismatch, "The content does not have the checksum of the header; nothing was stored.");

    /// <summary>Runs the upload.</summary>
    /// <param name="httpRequest">The request.</param>
    /// <param name="request">What it asks for.</param>
    /// <param name="uploadId">Id of the session.</param>
    /// <param name="first">What was read already, when the size was not declared and turned out to be larger; disposed here.</param>
    public async Task<EntryResult> RunAsync(HttpRequest httpRequest, WholeFileRequest request, string uploadId, ReceivedBody? first)
    {
        var session = grains.GetGrain<IUploadSessionGrain>(uploadId);
        using var whole = new BodyHash(request.Checksums.Md5 is not null);
        UploadInfo upload;
        try
        {
            var created = await calls.RepeatableAsync(
                (session, Command: CommandOf(request)), static (call, token) => call.session.CreateAsync(call.Command, token));
            if (created.Refusal is not null || created.Upload!.State == UploadState.Completed)
            {
                first?.Dispose();
                return new EntryResult(created.Refusal, created.Upload?.File);
            }

            upload = created.Upload;
        }
        catch
        {
            first?.Dispose();
            throw;
        }

        // With an idempotency key the client repeats this request, and parts that are stored already cost it no second write.
        var isResumable = httpRequest.Headers.ContainsKey(IdempotencyKeys.Header);
        EntryResult? result = null;
        try
        {
            result = await SendAsync(new Flow(httpRequest, request, session, upload, whole), first);
            return result;
        }
        finally
        {
            var isTransient = result is null || ProblemTypes.Of(result.Refusal?.Reason ?? RefusalReason.Busy).Status == StatusCodes.Status503ServiceUnavailable;
            if (result?.Entry is null && !(isTransient && isResumable))
                await AbortAsync(session, uploadId);
        }
    }

    private static CreateUploadCommand CommandOf(WholeFileRequest request) => new(
        request.Name,
        request.SizeBytes,
        request.ContentType,
        request.ParentId,
        UploadMode.Proxied,
        PartSizeBytes: null,
        FileId: null,
        ExpectedVersion: null,
        request.Checksums.Sha256 is { } sha256 ? Convert.ToHexStringLower(sha256) : null,
        request.OnConflict);

    private async Task<EntryResult> SendAsync(Flow flow, ReceivedBody? first)
    {
        var (total, number, isEnd) = (0L, 0, false);
        Task<Refusal?>? storing = null;
        try
        {
            while (!isEnd)
            {
                var body = first is null ? await ReceiveAsync(flow, number + 1, total) : Take(flow, first);
                first = null;
                isEnd = body.IsEnd;
                total += body.Length;
                number++;
                if (body.Length == 0)
                {
                    body.Dispose();
                    break;
                }

                var before = storing;
                storing = StoreAsync(flow.Upload.Id, number, body);
                if (before is not null && await before is { } refused)
                    return new EntryResult(refused, null);
            }

            if (storing is not null && await storing is { } refusal)
                return new EntryResult(refusal, null);
        }
        finally
        {
            // A write that failed beside another failure has been answered by that one.
            if (storing is not null)
                await ((Task)storing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var sha256 = flow.Whole.Sha256();
        if (!flow.Request.Checksums.Match(sha256, flow.Whole.Md5()))
            return new EntryResult(WrongChecksum, null);
        var size = flow.Request.SizeBytes is null ? total : (long?)null;
        return await completion.CompleteAsync(
            flow.Session, new CompleteUploadCommand(null, size, Convert.ToHexStringLower(sha256), null, null, null));
    }

    private static ReceivedBody Take(Flow flow, ReceivedBody first)
    {
        // A body that ended would have been written whole, so this is a full part or the limits of front end and silo differ.
        if (first.Length != flow.Upload.PartSizeBytes)
        {
            first.Dispose();
            throw new InvalidOperationException("Front end and silo are configured with different part sizes for uploads of unknown size.");
        }

        flow.Whole.Append(first.Buffer.Memory.Span[..first.Length]);
        return first;
    }

    private async Task<ReceivedBody> ReceiveAsync(Flow flow, int number, long total)
    {
        var size = flow.Upload.PartSizeBytes;
        if (flow.Request.SizeBytes is { } declared)
        {
            size = Math.Min(size, declared - total);
        }
        else
        {
            // Each part of a session of unknown size reserves its own quota.
            var plan = await calls.RepeatableAsync(
                (flow.Session, number), static (call, token) => call.Session.PlanPartAsync(call.number, null, token));
            if (plan.Refusal is { } refusal)
                throw new ProblemException(Problem.From(refusal));
            size = Math.Min(size, plan.SizeBytesMax);
        }

        return await receiver.ReceiveAsync(flow.Http, size, ContentChecksums.None, flow.Whole);
    }

    private async Task<Refusal?> StoreAsync(string uploadId, int number, ReceivedBody body)
    {
        using (body)
        {
            var result = await writers.WritePartAsync(uploadId, number, body);
            body.Answered(result.Refusal);
            return result.Refusal;
        }
    }

    private async Task AbortAsync(IUploadSessionGrain session, string uploadId)
    {
        try
        {
            await calls.RepeatableAsync(session, static (session, token) => session.AbortAsync(token));
        }
        catch (Exception exception)
        {
            // The session ends by itself when its time is over.
            logger.AbortFailed(uploadId, exception);
        }
    }

    private sealed record Flow(HttpRequest Http, WholeFileRequest Request, IUploadSessionGrain Session, UploadInfo Upload, BodyHash Whole);
}

internal static partial class SessionUploadLog
{
    [LoggerMessage(1201, LogLevel.Warning, "Upload {UploadId} could not be aborted after its request failed; it expires later.")]
    public static partial void AbortFailed(this ILogger<SessionUpload> logger, string uploadId, Exception exception);
}
