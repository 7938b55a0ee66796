using System.Globalization;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Api.Uploads;
using GrainVault.Files;
using GrainVault.Links;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Links;

/// <summary>The page at <c>/s/{token}</c>, for people with a browser, with scripts or without.</summary>
internal static class PageEndpoints
{
    /// <summary>What is said of a form that another site may have sent.</summary>
    public const string ForeignForm = "The form did not come from this page, or your browser keeps no cookies for it. Try again here.";

    private const int FormBytesMax = 4 << 10;
    private const int PageLength = 100;
    private const string FormType = "application/x-www-form-urlencoded";

    /// <summary>Adds the page.</summary>
    public static void MapLinkPage(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/s/{token}", ["GET", "HEAD"], GetAsync).ExcludeFromDescription();
        app.MapPost("/s/{token}", PostAsync).Weighs(RequestWeight.Upload).ExcludeFromDescription();
    }

    private static async Task<IResult> GetAsync(string token, string? parentId, string? cursor, string? sent, HttpContext context, LinkVisits visits)
    {
        // A page that is left out and one that is empty are the same to a form or a link.
        var folderId = string.IsNullOrEmpty(parentId) ? null : parentId;
        var (problem, link) = await visits.CallAsync(context, token, (link, pass, end) => link.GetAsync(pass, folderId, end), result => result.Refusal);
        if (problem is not null)
            return Answer(context, token, problem);
        var root = Root(context, token);
        if (link!.Role == LinkRole.Upload)
            return LinkPages.Upload(root, FormGuard.Issue(context, root), SentCount(sent), link);
        if (link.Entry is { Kind: EntryKind.File })
            return link.IsTop && folderId is null ? LinkPages.File(root, link) : Answer(context, token, LinkVisits.NoSuch);
        (problem, var page) = await visits.CallAsync(
            context, token, (grain, pass, end) => grain.ListAsync(pass, folderId, cursor, PageLength, end), result => result.Refusal);
        return problem is not null ? Answer(context, token, problem) : LinkPages.Folder(root, link, page!, isFirst: cursor is null);
    }

    private static async Task<IResult> PostAsync(string token, HttpContext context, LinkVisits visits, FormUpload upload, FrontEndLimits limits, TimeProvider time)
    {
        if (FormUpload.IsForm(context.Request))
            return await TakeFilesAsync(token, context, visits, upload);
        var form = await ReadFormAsync(context, limits, time);
        var root = Root(context, token);
        if (!FormGuard.IsOurs(context.Request, form[FormGuard.Field]))
            return Password(context, root, ForeignForm, StatusCodes.Status403Forbidden);
        var (problem, unlocked) = await visits.UnlockAsync(context, token, form["password"].ToString());
        if (problem is null)
        {
            LinkCookie.WriteProof(context, root, unlocked!.Proof!, unlocked.Lifetime);
            context.Response.Headers.CacheControl = LinkVisits.CacheControl;
            context.Response.Headers.Location = root;
            return Results.StatusCode(StatusCodes.Status303SeeOther);
        }

        if (problem.RetryAfterSeconds > 0)
            context.Response.Headers.RetryAfter = problem.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return problem.Type.Status switch
        {
            StatusCodes.Status401Unauthorized => Password(context, root, "That is not the password.", StatusCodes.Status401Unauthorized),
            StatusCodes.Status404NotFound => LinkPages.Gone(),
            StatusCodes.Status429TooManyRequests => Password(
                context, root, $"There were too many wrong passwords. Try again in {problem.RetryAfterSeconds} s.", StatusCodes.Status429TooManyRequests),
            _ => LinkPages.Failed(problem.Type.Status, problem.Detail),
        };
    }

    private static async Task<IResult> TakeFilesAsync(string token, HttpContext context, LinkVisits visits, FormUpload upload)
    {
        var (problem, right) = await visits.CallAsync(context, token, (link, pass, end) => link.AdmitFileAsync(pass, end), result => result.Refusal);
        if (problem is not null)
            return Answer(context, token, problem);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = right!.FileSizeBytesMax + FormUpload.FrameBytesMax;
        BodyHolders.ActByLink(context, right!);
        try
        {
            var (refusal, count) = await upload.StoreAsync(context, right!.FolderId, right.FileSizeBytesMax);
            if (refusal is not null)
                return Answer(context, token, Problem.From(refusal with { Detail = $"{refusal.Detail}{Before(count)}" }));
            context.Response.Headers.CacheControl = LinkVisits.CacheControl;
            context.Response.Headers.Location = $"{Root(context, token)}?sent={count}";
            return Results.StatusCode(StatusCodes.Status303SeeOther);
        }
        catch (ProblemException exception)
        {
            return Answer(context, token, exception.Problem);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Answer(context, token, FormUpload.TooLarge(right!.FileSizeBytesMax));
        }
    }

    private static string Before(int count) => count switch
    {
        0 => "",
        1 => " One file before it has arrived.",
        _ => string.Create(CultureInfo.InvariantCulture, $" {count} files before it have arrived."),
    };

    // What stands in the address bar may be anybody's; of what no form sends, nothing is said.
    private static int SentCount(string? sent) =>
        int.TryParse(sent, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= FormUpload.FileCountMax ? count : 0;

    /// <summary>A refusal of what the page leads to: a page for a browser, and for everybody else the problem.</summary>
    public static IResult Refused(HttpContext context, string token, Problem problem) => WantsPage(context.Request) ? Answer(context, token, problem) : problem;

    // Programs that come here by mistake get what they get everywhere; the form is there for everybody.
    private static IResult Answer(HttpContext context, string token, Problem problem)
    {
        if (problem.Type.Status == StatusCodes.Status401Unauthorized)
            return Password(context, Root(context, token), alert: null, StatusCodes.Status401Unauthorized);
        if (!WantsPage(context.Request))
            return problem;
        if (problem.RetryAfterSeconds > 0)
            context.Response.Headers.RetryAfter = problem.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return problem.Type.Status == StatusCodes.Status404NotFound ? LinkPages.Gone() : LinkPages.Failed(problem.Type.Status, problem.Detail);
    }

    private static LinkPage Password(HttpContext context, string root, string? alert, int status) =>
        LinkPages.Password(root, FormGuard.Issue(context, root), alert, status);

    private static string Root(HttpContext context, string token) => $"{context.Request.PathBase}/s/{Uri.EscapeDataString(token)}";

    private static bool WantsPage(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var types)
        && types.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));

    /// <exception cref="ProblemException">It is no form, too large, or does not arrive in time.</exception>
    private static async Task<IFormCollection> ReadFormAsync(HttpContext context, FrontEndLimits limits, TimeProvider time)
    {
        var request = context.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase))
            throw new ProblemException(new Problem(ProblemTypes.UnsupportedMediaType, $"The Content-Type must be {FormType}."));
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = FormBytesMax;
        using var deadline = new CancellationTokenSource(limits.JsonBodyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.RequestAborted);
        try
        {
            return await request.ReadFormAsync(new FormOptions { ValueLengthLimit = FormBytesMax, KeyLengthLimit = FormBytesMax, ValueCountLimit = 16 }, either.Token);
        }
        catch (InvalidDataException)
        {
            throw new ProblemException(new Problem(ProblemTypes.BadRequest, "The form can't be understood."));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(new Problem(ProblemTypes.RequestTimeout, "The form did not arrive in time."));
        }
    }
}
