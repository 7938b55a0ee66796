using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Files;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Files;

/// <summary>Where entries stand: <c>POST /v1/folders</c>, and what is changed about an entry under <c>/v1/files/{id}</c>.</summary>
internal static class EntryEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapEntries(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/v1").WithTags("Files").RequireAuthorization().Refuses(400, 401, 429, 503);
        own.MapPost("/folders", CreateFolderAsync).WithSummary("Makes a folder.")
            .WithMetadata(TakesIdempotencyKey.Instance).Refuses(403, 404, 408, 409, 413, 415, 422);
        own.MapPost("/files/{id}/copy", CopyAsync).WithSummary("Copies a file; its content is not moved.")
            .WithMetadata(TakesIdempotencyKey.Instance).Refuses(403, 404, 408, 409, 413, 415, 422, 507);
        own.MapPost("/shortcuts", CreateShortcutAsync).WithSummary("Makes a shortcut to a file or folder that the caller may read.")
            .WithMetadata(TakesIdempotencyKey.Instance).Refuses(403, 404, 408, 409, 413, 415, 422);
        own.MapPatch("/files/{id}", ChangeAsync).WithSummary("Renames, moves, shows or hides an entry, all or nothing.")
            .WithMetadata(TakesIfMatch.Instance).Refuses(403, 404, 408, 409, 412, 413, 415);
        own.MapDelete("/trash", EmptyTrashAsync).WithSummary("Removes for good what is in the trash; 202 when the rest goes in the background.");
        own.MapPost("/files/{id}/restore", RestoreAsync).WithSummary("Takes an entry out of the trash; may be repeated.")
            .WithMetadata(TakesIfMatch.Instance).Refuses(403, 404, 409, 412);
    }

    private static async Task<Results<Created<FileAnswer>, Problem>> CreateFolderAsync(
        JsonBody<CreateFolderRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        var request = body.Value;
        var fingerprint = IdempotencyKeys.Fingerprint(request, ApiJson.Default.CreateFolderRequest);
        var id = await IdempotencyKeys.BindAsync(context.Request, grains, calls, fingerprint, Ids.New(Ids.File));
        var result = await calls.RepeatableAsync(
            (Folder: grains.GetGrain<IFileGrain>(id), Command: new CreateFolderCommand(request.Name, request.ParentId)),
            static (call, token) => call.Folder.CreateFolderAsync(call.Command, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        context.Response.Headers.ETag = EntryTags.Of(result.RowVersion);
        return TypedResults.Created($"/v1/files/{id}", FileAnswer.From(result.Entry!));
    }

    private static async Task<Results<Created<FileAnswer>, Problem>> CopyAsync(
        string id, OptionalJsonBody<CopyFileRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is null)
            return GrainLookup.NoSuch("file");
        var request = body.Value ?? new CopyFileRequest();
        var fingerprint = IdempotencyKeys.Fingerprint(request, ApiJson.Default.CopyFileRequest) + request.ParentId.IsGiven;
        var copy = await IdempotencyKeys.BindAsync(context.Request, grains, calls, fingerprint, Ids.New(Ids.File));
        var result = await calls.RepeatableAsync(
            (File: grains.GetGrain<IFileGrain>(copy),
                Command: new CopyFileCommand(id, request.Name, request.ParentId.IsGiven, request.ParentId.Value, request.OnConflict ?? OnConflict.Fail)),
            static (call, token) => call.File.CopyFromAsync(call.Command, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        context.Response.Headers.ETag = EntryTags.Of(result.RowVersion);
        return TypedResults.Created($"/v1/files/{copy}", FileAnswer.From(result.Entry!));
    }

    private static async Task<Results<Created<FileAnswer>, Problem>> CreateShortcutAsync(
        JsonBody<CreateShortcutRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        var request = body.Value;
        var fingerprint = IdempotencyKeys.Fingerprint(request, ApiJson.Default.CreateShortcutRequest);
        var id = await IdempotencyKeys.BindAsync(context.Request, grains, calls, fingerprint, Ids.New(Ids.File));
        var result = await calls.RepeatableAsync(
            (Shortcut: grains.GetGrain<IFileGrain>(id), Command: new CreateShortcutCommand(request.FileId, request.ParentId, request.Name)),
            static (call, token) => call.Shortcut.CreateShortcutAsync(call.Command, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        context.Response.Headers.ETag = EntryTags.Of(result.RowVersion);
        return TypedResults.Created($"/v1/files/{id}", FileAnswer.From(result.Entry!));
    }

    private static async Task<Results<Ok<FileAnswer>, Problem>> ChangeAsync(
        string id, JsonBody<ChangeEntryRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var request = body.Value;
        var call = (file, Command: new ChangeEntryCommand(
            request.Name, request.ParentId.IsGiven, request.ParentId.Value, request.Visibility, null, EntryTags.Expected(context.Request)));
        // With a version that is expected, a repeat of what was carried out would be refused.
        var result = call.Command.ExpectedTags is null
            ? await calls.RepeatableAsync(call, static (call, token) => call.file.ChangeAsync(call.Command, token))
            : await calls.OnceAsync(call, static (call, token) => call.file.ChangeAsync(call.Command, token));
        return EntryTags.Answer(context.Response, result);
    }

    private static async Task<Results<Ok<FileAnswer>, Problem>> RestoreAsync(string id, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var result = EntryTags.Expected(context.Request) is { } tags
            ? await calls.OnceAsync((file, tags), static (call, token) => call.file.RestoreMatchingAsync(call.tags, token))
            : await calls.RepeatableAsync(file, static (file, token) => file.RestoreAsync(token));
        return EntryTags.Answer(context.Response, result);
    }

    private static async Task<Results<NoContent, Accepted, Problem>> EmptyTrashAsync(IGrainFactory grains, GrainCalls calls)
    {
        // Not twice: what came to the trash meanwhile was not meant.
        var result = await calls.OnceAsync(grains.CallingUser(), static (user, token) => user.EmptyTrashAsync(token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        return result.IsDone ? TypedResults.NoContent() : TypedResults.Accepted((string?)null);
    }
}
