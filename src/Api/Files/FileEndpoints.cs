using GrainVault.Api.Auth;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Api.Uploads;
using GrainVault.Files;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Files;

/// <summary><c>/v1/files</c>.</summary>
internal static class FileEndpoints
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    /// <summary>Adds the endpoints.</summary>
    public static void MapFiles(this IEndpointRouteBuilder app)
    {
        var files = app.MapGroup("/v1/files").WithTags("Files").Refuses(400, 401, 429, 503);
        var own = files.MapGroup("").RequireAuthorization();
        own.MapMethods("", ["POST", "PUT"], WholeFileEndpoint.PutAsync).WithSummary("Uploads a file of any size in one request.")
            .TakesBytes().Weighs(RequestWeight.Upload).WithMetadata(TakesIdempotencyKey.Instance).Refuses(403, 404, 408, 409, 413, 415, 422, 507);
        own.MapGet("", ListAsync).WithSummary("A page of entries.").Refuses(404);
        own.MapMethods("/by-path/{**path}", Reading, FindByPathAsync).WithSummary("An entry by its path from the root; its bytes with content=true.")
            .SendsBytes().Weighs(RequestWeight.Change).Refuses(404, 412, 416);
        own.MapDelete("/{id}", DeleteAsync).WithSummary("Moves an entry to the trash; removes it with permanent=true.")
            .WithMetadata(TakesIfMatch.Instance).Refuses(403, 404, 409, 412);

        var readable = files.MapGroup("/{id}").WithMetadata(TokenOptional.Instance);
        readable.MapGet("", GetAsync).WithSummary("Metadata; public entries need no token.").Refuses(404);
        readable.MapMethods("/content", Reading, GetContentAsync).WithSummary("Content; public files need no token. redirect=true sends to a URL of the store.").SendsBytes().Weighs(RequestWeight.Change)
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status307TemporaryRedirect)).Refuses(404, 412, 416);
    }

    private static async Task<Results<Ok<EntryPageAnswer>, Problem>> ListAsync(
        [AsParameters] ListParameters parameters, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var query = parameters.ToQuery();
        var page = await calls.RepeatableAsync((User: grains.CallingUser(), query), static (call, token) => call.User.ListFilesAsync(call.query, token), cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new EntryPageAnswer(page.Entries.ConvertAll(FileAnswer.From), page.NextCursor));
    }

    private static async Task<Results<Ok<FileAnswer>, Problem>> GetAsync(
        string id, HttpResponse response, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        var result = await calls.RepeatableAsync(file, static (file, token) => file.GetAsync(token), cancellationToken);
        return EntryTags.Answer(response, result);
    }

    private static async Task<Results<Ok<FileAnswer>, FileContent, Problem>> FindByPathAsync(
        string? path, bool? content, HttpResponse response, IGrainFactory grains, GrainCalls calls, ContentReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var result = await calls.RepeatableAsync(
            (User: grains.CallingUser(), Path: path ?? ""), static (call, token) => call.User.FindByPathAsync(call.Path, token), cancellationToken);
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        if (content != true)
        {
            response.Headers.ETag = EntryTags.Of(result.RowVersion);
            return TypedResults.Ok(FileAnswer.From(result.Entry!));
        }

        var opened = await OpenAsync(calls, grains.GetGrain<IFileGrain>(result.Entry!.Id), cancellationToken);
        return opened.Refusal is { } closed ? Problem.From(closed) : new FileContent(opened.Content!, reader, time);
    }

    private static async Task<IResult> GetContentAsync(
        string id, bool? redirect, HttpRequest request, IGrainFactory grains, GrainCalls calls, ContentReader reader, ContentRedirects redirects, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        var opened = await OpenAsync(calls, file, cancellationToken);
        if (opened.Refusal is { } refusal)
            return Problem.From(refusal);
        return redirect == true && ContentRedirects.Suits(request) && await redirects.FindAsync(opened.Content!, cancellationToken) is { } elsewhere
            ? elsewhere
            : new FileContent(opened.Content!, reader, time);
    }

    private static async Task<Results<NoContent, Problem>> DeleteAsync(string id, bool? permanent, HttpRequest request, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file");
        // Not twice: what is gone for good is not found by a repeat.
        var result = await calls.OnceAsync(
            (file, Permanent: permanent == true, Tags: EntryTags.Expected(request)),
            static (call, token) => call.Tags is null ? call.file.DeleteAsync(call.Permanent, token) : call.file.DeleteMatchingAsync(call.Permanent, call.Tags, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }

    private static Task<ContentResult> OpenAsync(GrainCalls calls, IFileGrain file, CancellationToken cancellationToken) =>
        calls.RepeatableAsync(file, static (file, token) => file.OpenContentAsync(null, token), cancellationToken);
}
