using GrainVault.Api.Archives;
using GrainVault.Api.Files;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Api.Shedding;
using GrainVault.Links;

namespace GrainVault.Api.Links;

/// <summary><c>GET /s/{token}/zip</c>: the linked folder, or one below it, as an archive.</summary>
internal static class LinkZipEndpoint
{
    /// <summary>Adds the endpoint.</summary>
    public static void MapLinkZip(this IEndpointRouteBuilder visits) =>
        visits.MapGet("/zip", GetAsync).WithSummary("The linked folder, or one below it (parentId), with all that is below that as a zip archive. It counts as one download.")
            .SendsZip().Weighs(RequestWeight.Change).Refuses(413);

    private static async Task<IResult> GetAsync(string token, string? parentId, HttpContext context, LinkVisits visits, [AsParameters] LinkZipServices services)
    {
        var (problem, archive) = await OpenAsync(token, string.IsNullOrEmpty(parentId) ? null : parentId, context, visits, services);
        return problem is null ? archive! : PageEndpoints.Refused(context, token, problem);
    }

    /// <summary>Everything that can be refused is refused before the download is counted, and that before the first byte.</summary>
    private static async Task<(Problem? Problem, ZipDownload? Archive)> OpenAsync(
        string token, string? folderId, HttpContext context, LinkVisits visits, LinkZipServices services)
    {
        // First of all, since anybody who has the link may ask: counting what is in a large folder costs something, too.
        var (refused, place) = services.Places.TryEnter(AddressKey.Of(context.Connection.RemoteIpAddress));
        if (refused is not null)
            return (refused, null);
        var isBegun = false;
        try
        {
            var limits = services.Limits;
            var (problem, measured) = await visits.CallAsync(
                context, token, (link, pass, end) => link.MeasureArchiveAsync(pass, folderId, limits.ZipEntryCountMax + 1, end), result => result.Refusal);
            if ((problem ?? limits.CheckArchive(measured!)) is { } refusal)
                return (refusal, null);
            // Not twice: each would count.
            (problem, var begun) = await visits.CallAsync(
                context, token, (link, pass, end) => link.BeginArchiveAsync(pass, folderId, end), result => result.Refusal, isRepeatable: false);
            isBegun = problem is null;
            if (!isBegun)
                return (problem, null);
            var link = services.Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token));
            return (null, new ZipDownload(
                measured!.Roots[0].Name, measured.Roots, ArchiveWalk.Of(link, begun!.Ticket, services.Calls), services.Reader, limits, place!));
        }
        finally
        {
            if (!isBegun)
                place!.Dispose();
        }
    }
}

/// <summary>What making an archive for a visitor needs.</summary>
internal sealed record LinkZipServices(IGrainFactory Grains, GrainCalls Calls, ContentReader Reader, FrontEndLimits Limits, ZipPlaces Places);
