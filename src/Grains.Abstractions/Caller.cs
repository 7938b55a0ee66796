using Orleans.Runtime;

namespace GrainVault;

/// <summary>
/// The identity on whose behalf a grain call runs. The front end sets it after the token check; it travels in the request
/// context, and grains decide from nothing else.
/// </summary>
public static class Caller
{
    private const string UserKey = "gv.user";
    private const string RolesKey = "gv.roles";
    private const string RequestKey = "gv.request";

    /// <summary>Id of the signed-in user; null for a visitor without a token.</summary>
    public static string? UserId => RequestContext.Get(UserKey) as string;

    /// <summary>Id of whoever acts, which uploads and versions are marked with: the user's; null for a visitor who has no right to write anything.</summary>
    public static string? ActorId => UserId;

    /// <summary>Roles of the user, separated by spaces; empty for none.</summary>
    public static string Roles => RequestContext.Get(RolesKey) as string ?? "";

    /// <summary>Id of the HTTP request that led to this call; null outside of one.</summary>
    public static string? RequestId => RequestContext.Get(RequestKey) as string;

    /// <summary>Sets the identity and the request for all grain calls that follow in this asynchronous flow.</summary>
    public static void Set(string? userId, string? roles, string? requestId)
    {
        SetUser(userId, roles);
        SetRequest(requestId);
    }

    /// <summary>Sets the identity alone.</summary>
    public static void SetUser(string? userId, string? roles)
    {
        SetOrRemove(UserKey, userId);
        SetOrRemove(RolesKey, roles);
    }

    /// <summary>Sets the id of the HTTP request alone; log lines carry it from here on.</summary>
    public static void SetRequest(string? requestId) => SetOrRemove(RequestKey, requestId);

    private static void SetOrRemove(string key, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            RequestContext.Remove(key);
        }
        else
        {
            RequestContext.Set(key, value);
        }
    }
}
