using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Files;

/// <summary>Versions under <c>/v1/files/{id}/versions</c>.</summary>
internal static class VersionEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapVersions(this IEndpointRouteBuilder app)
    {
        var versions = app.MapGroup("/v1/files/{id}/versions").WithTags("Versions").RequireAuthorization().Refuses(400, 401, 403, 404, 429, 503);
        versions.MapGet("", ListAsync).WithSummary("A page of a file's versions, newest first.");
        versions.MapMethods("/{number}/content", ["GET", "HEAD"], GetContentAsync).WithSummary("Content of a version.")
            .SendsBytes().Weighs(RequestWeight.Change).Refuses(412, 416);
        versions.MapPost("/{number}/restore", RestoreAsync).WithSummary("Makes an older version the current one; may be repeated.")
            .WithMetadata(TakesIfMatch.Instance).Refuses(409, 412);
        versions.MapDelete("/{number}", DeleteAsync).WithSummary("Removes a version that is not the current one.").Refuses(409);
    }

    private static async Task<Results<Ok<VersionPageAnswer>, Problem>> ListAsync(
        string id, string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        var page = await calls.RepeatableAsync(
            (file, cursor, Limit: Checks.Limit(limit)), static (call, token) => call.file.ListVersionsAsync(call.cursor, call.Limit, token), cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new VersionPageAnswer(page.Versions.ConvertAll(VersionAnswer.From), page.NextCursor));
    }

    private static async Task<Results<FileContent, Problem>> GetContentAsync(
        string id, string number, IGrainFactory grains, GrainCalls calls, ContentReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        var opened = await calls.RepeatableAsync(
            (file, Version: VersionNumber(number)), static (call, token) => call.file.OpenContentAsync(call.Version, token), cancellationToken);
        return opened.Refusal is { } refusal ? Problem.From(refusal) : new FileContent(opened.Content!, reader, time);
    }

    private static async Task<Results<Ok<FileAnswer>, Problem>> RestoreAsync(
        string id, string number, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        var result = EntryTags.Expected(context.Request) is { } tags
            ? await calls.OnceAsync(
                (file, Version: VersionNumber(number), tags), static (call, token) => call.file.RestoreVersionMatchingAsync(call.Version, call.tags, token))
            : await calls.RepeatableAsync(
                (file, Version: VersionNumber(number)), static (call, token) => call.file.RestoreVersionAsync(call.Version, token));
        return EntryTags.Answer(context.Response, result);
    }

    private static async Task<Results<NoContent, Problem>> DeleteAsync(string id, string number, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        // Not twice: what is gone is not found by a repeat.
        var result = await calls.OnceAsync(
            (file, Version: VersionNumber(number)), static (call, token) => call.file.DeleteVersionAsync(call.Version, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }

    // What is no number names no version: 404 comes from the grain, after it has decided access.
    private static int VersionNumber(string text) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
}
