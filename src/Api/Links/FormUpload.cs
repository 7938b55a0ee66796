using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Uploads;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Links;

/// <summary>
/// Files of a form (RFC 7578), one after another as they arrive. The size of a file in a form is not known before its end, so each is an upload of
/// unknown size; no more than a part of it is in memory at any time.
/// </summary>
internal sealed class FormUpload(BodyReceiver receiver, PartWriters writers, SessionUpload sessions, LimitsOptions limits)
{
    /// <summary>Files of one form.</summary>
    public const int FileCountMax = 100;

    /// <summary>Longest value of the field that says that the form is ours, in bytes.</summary>
    private const int FieldBytesMax = 256;

    private const int BoundaryLengthMax = 70;

    /// <summary>What a form has beside the content of its files, in bytes: for each file two names, the rest of its headers and a boundary.</summary>
    public const int FrameBytesMax = FileCountMax * 2_048;

    /// <summary>True for a form with files.</summary>
    public static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    /// <summary>The files of a form are larger than they may be.</summary>
    /// <param name="sizeBytesMax">What they may have together, in bytes.</param>
    public static Problem TooLarge(long sizeBytesMax) => new(ProblemTypes.TooLarge, $"Files that are sent at once have at most {sizeBytesMax} bytes together.");

    /// <summary>Stores the files of a form of ours; returns how many, or what went wrong with the next one.</summary>
    /// <param name="context">The request; the caller acts by the link.</param>
    /// <param name="folderId">Folder of the link.</param>
    /// <param name="sizeBytesMax">What its files may have together, in bytes.</param>
    /// <exception cref="ProblemException">The form can't be understood, is not ours, is too large, or there is no room for its bytes in memory now.</exception>
    public async Task<(Refusal? Refusal, int Count)> StoreAsync(HttpContext context, string folderId, long sizeBytesMax)
    {
        var request = context.Request;
        var reader = new MultipartReader(BoundaryOf(request), request.Body);
        var (count, isOurs) = (0, false);
        var room = new FormRoom(sizeBytesMax);
        try
        {
            while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                    throw Malformed();
                if (!isOurs)
                {
                    // Our form begins with it, so that nothing is stored of one that is another's.
                    if (HeaderUtilities.RemoveQuotes(disposition.Name) != FormGuard.Field || !FormGuard.IsOurs(request, await ReadFieldAsync(section, context.RequestAborted)))
                        throw new ProblemException(new Problem(ProblemTypes.Forbidden, PageEndpoints.ForeignForm));
                    isOurs = true;
                    continue;
                }

                // A field for files into which none was put has an empty name.
                if (NameOf(disposition) is not { Length: > 0 } name)
                    continue;
                if (count == FileCountMax)
                    return (new Refusal(RefusalReason.Invalid, $"A form takes at most {FileCountMax} files at once."), count);
                if (await StoreAsync(request, section, name, folderId, room) is { } refusal)
                    return (refusal, count);
                count++;
            }
        }
        catch (ProblemException exception) when (exception.Problem.Type == ProblemTypes.TooLarge)
        {
            return (new Refusal(RefusalReason.TooLarge, exception.Problem.Detail), count);
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException && exception is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested))
        {
            throw Malformed();
        }

        return (null, count);
    }

    private async Task<Refusal?> StoreAsync(HttpRequest request, MultipartSection section, string name, string folderId, FormRoom room)
    {
        var type = section.ContentType is { } given && Checks.IsContentType(given) ? given : null;
        var file = new WholeFileRequest(name, folderId, OnConflict.Rename, type, SizeBytes: null, ContentChecksums.None);
        // What reads bodies reads this file from here on, and ends where it ends.
        request.Body = new FormFileStream(section.Body, room);
        var body = await receiver.ReceiveAsync(request, limits.GrowingPartSizeBytes, ContentChecksums.None);
        if (!body.IsEnd)
            return (await sessions.RunAsync(request, file, Ids.New(Ids.Upload), body)).Refusal;
        using (body)
        {
            var fileId = Ids.New(Ids.File);
            var result = await writers.WriteFileAsync(body, content => new WriteFileCommand(
                fileId, name, folderId, type, OnConflict.Rename, content, body.Sha256));
            body.Answered(result.Refusal);
            return result.Refusal;
        }
    }

    private static string BoundaryOf(HttpRequest request)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary);
        return boundary.Length is 0 or > BoundaryLengthMax ? throw Malformed() : boundary.ToString();
    }

    private static string NameOf(ContentDispositionHeaderValue disposition)
    {
        var name = (disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).ToString();
        // Some browsers send the folders too, in the spelling of their system.
        return name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Replace("%22", "\"", StringComparison.Ordinal);
    }

    private static async Task<string> ReadFieldAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        var bytes = new byte[FieldBytesMax];
        var length = await section.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static ProblemException Malformed() => new(new Problem(ProblemTypes.BadRequest, "The form can't be understood."));
}
