using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Api.Http;

/// <summary>Grains by the ids of requests. An id of the wrong shape names nothing: no grain is made for it.</summary>
internal static class GrainLookup
{
    /// <summary>The file, or null when there can be none under the id.</summary>
    public static IFileGrain? FindFile(this IGrainFactory grains, string id) =>
        Ids.IsValid(Ids.File, id) ? grains.GetGrain<IFileGrain>(id) : null;

    /// <summary>The session, or null when there can be none under the id.</summary>
    public static IUploadSessionGrain? FindUpload(this IGrainFactory grains, string id) =>
        Ids.IsValid(Ids.Upload, id) ? grains.GetGrain<IUploadSessionGrain>(id) : null;

    /// <summary>The user who makes the request; the endpoint has required a token.</summary>
    public static IUserGrain CallingUser(this IGrainFactory grains) =>
        grains.GetGrain<IUserGrain>(Caller.UserId ?? throw new InvalidOperationException("The endpoint requires no token."));

    /// <summary>The caller as an administrator; the grain decides whether he is one.</summary>
    public static IAdminGrain CallingAdministrator(this IGrainFactory grains) =>
        grains.GetGrain<IAdminGrain>(Caller.UserId ?? throw new InvalidOperationException("The endpoint requires no token."));

    /// <summary>The answer when an id names nothing.</summary>
    public static Problem NoSuch(string what) => new(ProblemTypes.NotFound, $"There is no such {what}.");
}
