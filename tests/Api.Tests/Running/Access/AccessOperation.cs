using System.Net.Http.Json;

namespace GrainVault.Api.Tests.Running.Access;

/// <summary>What a success leaves.</summary>
internal enum AccessEffect
{
    None,

    /// <summary>The file looks another way; others may do with it what they could before.</summary>
    Look,

    /// <summary>Nothing that is asked for later would be answered as before.</summary>
    Rights,
}

/// <summary>One thing that somebody may ask for.</summary>
/// <param name="Name">As it stands in the table.</param>
/// <param name="Effect">What a success leaves.</param>
/// <param name="Request">The request of a principal.</param>
internal sealed record AccessOperation(string Name, AccessEffect Effect, Func<AccessStage, Principal, HttpRequestMessage> Request)
{
    public static IReadOnlyList<AccessOperation> All { get; } =
    [
        Read("read metadata", stage => $"/v1/files/{stage.File}"),
        Read("read content", stage => $"/v1/files/{stage.File}/content"),
        new("read content's head", AccessEffect.None, (stage, _) => new HttpRequestMessage(HttpMethod.Head, $"/v1/files/{stage.File}/content")),
        Read("get a URL of the content", stage => $"/v1/files/{stage.File}/content?redirect=true"),
        Read("list versions", stage => $"/v1/files/{stage.File}/versions"),
        Read("read an old version", stage => $"/v1/files/{stage.File}/versions/1/content"),
        Read("read by path", stage => $"/v1/files/by-path/{Uri.EscapeDataString(stage.FolderName)}/{Uri.EscapeDataString(stage.FileName)}?content=true"),
        Read("list its folder", stage => $"/v1/files?parentId={stage.Folder}"),
        Read("read as zip", stage => $"/v1/zip?ids={stage.File}"),
        Change("rename", HttpMethod.Patch, stage => $"/v1/files/{stage.File}", _ => new { name = AccessStage.NewName() }),
        Change("move to the root", HttpMethod.Patch, stage => $"/v1/files/{stage.File}", _ => new { parentId = (string?)null }),
        Change("make public", HttpMethod.Patch, stage => $"/v1/files/{stage.File}", _ => new { visibility = "public" }),
        Addition("upload a version", HttpMethod.Post, _ => "/v1/uploads", stage => new { fileId = stage.File, size = 3 }),
        Addition("upload into its folder", HttpMethod.Post, _ => "/v1/uploads", stage => new { name = AccessStage.NewName(), parentId = stage.Folder, size = 3 }),
        Addition("make a folder beside it", HttpMethod.Post, _ => "/v1/folders", stage => new { name = AccessStage.NewName(), parentId = stage.Folder }),
        Addition("restore a version", HttpMethod.Post, stage => $"/v1/files/{stage.File}/versions/1/restore"),
        Change("delete a version", HttpMethod.Delete, stage => $"/v1/files/{stage.File}/versions/1"),
        Read("list shares", stage => $"/v1/files/{stage.File}/shares"),
        Change("share", HttpMethod.Put, stage => $"/v1/files/{stage.File}/shares/{stage.Cast.Administrator.UserId}", _ => new { role = "viewer" }),
        Change("end another's share", HttpMethod.Delete, stage => $"/v1/files/{stage.File}/shares/{stage.Cast.Viewer.UserId}"),
        Read("list links", stage => $"/v1/files/{stage.File}/links"),
        Addition("make a link", HttpMethod.Post, stage => $"/v1/files/{stage.File}/links", _ => new { }),
        Change("revoke a link", HttpMethod.Delete, stage => $"/v1/links/{stage.LinkId}"),
        Addition("copy", HttpMethod.Post, stage => $"/v1/files/{stage.File}/copy", _ => new { name = AccessStage.NewName(), parentId = (string?)null }),
        Addition("make a shortcut", HttpMethod.Post, _ => "/v1/shortcuts", stage => new { fileId = stage.File, name = AccessStage.NewName() }),
        Change("offer to another", HttpMethod.Post, stage => $"/v1/files/{stage.File}/transfer", stage => new { to = stage.Cast.Administrator.UserId }),
        Change("accept without an offer", HttpMethod.Post, stage => $"/v1/files/{stage.File}/transfer/accept"),
        Change("move to the trash", HttpMethod.Delete, stage => $"/v1/files/{stage.File}"),
        Change("restore", HttpMethod.Post, stage => $"/v1/files/{stage.File}/restore"),
        Change("purge", HttpMethod.Delete, stage => $"/v1/files/{stage.File}?permanent=true"),
        Read("read the owner's upload", stage => $"/v1/uploads/{stage.Session}"),
        Addition("get a URL for a part of it", HttpMethod.Post, stage => $"/v1/uploads/{stage.Session}/presign", _ => new { parts = new[] { 1 } }),
        new("send a part of it", AccessEffect.Rights, (stage, _) => new HttpRequestMessage(HttpMethod.Put, $"/v1/uploads/{stage.Session}/parts/1") { Content = new ByteArrayContent([7, 8, 9]) }),
        Change("complete it", HttpMethod.Post, stage => $"/v1/uploads/{stage.Session}/complete"),
        Change("abort it", HttpMethod.Delete, stage => $"/v1/uploads/{stage.Session}"),
        Visit("read content by link", (stage, token) => $"/s/{token}/content"),
        Visit("read content by link to its folder", (stage, token) => $"/s/{token}/files/{stage.File}/content"),
        Visit("list by link", (_, token) => $"/s/{token}/files"),
        Visit("read zip by link", (_, token) => $"/s/{token}/zip"),
        Visit("see the page of the link", (_, token) => $"/s/{token}"),
        Read("list users", _ => "/v1/admin/users?limit=1"),
    ];

    private static AccessOperation Read(string name, Func<AccessStage, string> path) =>
        new(name, AccessEffect.None, (stage, _) => new HttpRequestMessage(HttpMethod.Get, path(stage)));

    private static AccessOperation Change(string name, HttpMethod method, Func<AccessStage, string> path, Func<AccessStage, object>? body = null) =>
        new(name, AccessEffect.Rights, Requested(method, path, body));

    private static AccessOperation Addition(string name, HttpMethod method, Func<AccessStage, string> path, Func<AccessStage, object>? body = null) =>
        new(name, AccessEffect.Look, Requested(method, path, body));

    private static Func<AccessStage, Principal, HttpRequestMessage> Requested(HttpMethod method, Func<AccessStage, string> path, Func<AccessStage, object>? body) =>
        (stage, _) => new HttpRequestMessage(method, path(stage)) { Content = body is null ? null : JsonContent.Create(body(stage)) };

    private static AccessOperation Visit(string name, Func<AccessStage, string, string> path) => new(name, AccessEffect.None, (stage, principal) =>
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path(stage, stage.TokenOf(principal)));
        if (principal is Principal.LinkVisitor or Principal.WrongPassword)
            request.Headers.Add("X-Link-Password", principal == Principal.LinkVisitor ? AccessStage.LinkPassword : "another one");
        return request;
    });
}
