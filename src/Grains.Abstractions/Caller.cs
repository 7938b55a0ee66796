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
    private const string LinkKey = "gv.link";
    private const string LoginKey = "gv.login";
    private const string OriginKey = "gv.origin";

    /// <summary>Longest name of a client's program that is kept, in characters.</summary>
    public const int AgentLengthMax = 200;

    /// <summary>Id of the signed-in user; null for a visitor without a token.</summary>
    public static string? UserId => RequestContext.Get(UserKey) as string;

    /// <summary>Id of the login whose token the request came with; null outside of such a request, and from front ends before this was told.</summary>
    public static string? LoginId => RequestContext.Get(LoginKey) as string;

    /// <summary>Id of whoever acts, which uploads and versions are marked with: the user's, or that of the link by which a visitor puts files into a folder; null for a visitor who has no right to write anything.</summary>
    public static string? ActorId => UserId ?? LinkId;

    /// <summary>Roles of the user, separated by spaces; empty for none.</summary>
    public static string Roles => RequestContext.Get(RolesKey) as string ?? "";

    /// <summary>Id of the HTTP request that led to this call; null outside of one.</summary>
    public static string? RequestId => RequestContext.Get(RequestKey) as string;

    /// <summary>Id of the link by which a visitor came; null for none.</summary>
    public static string? LinkId => RequestContext.Get(LinkKey) as string;

    /// <summary>Address of the client, as the front end knows it behind known proxies; null outside of a request.</summary>
    public static string? Address => RequestContext.Get(OriginKey) is string origin ? Part(origin[..origin.IndexOf('\n', StringComparison.Ordinal)]) : null;

    /// <summary>What the client's program calls itself, printable ASCII; null when it doesn't.</summary>
    public static string? Agent => RequestContext.Get(OriginKey) is string origin ? Part(origin[(origin.IndexOf('\n', StringComparison.Ordinal) + 1)..]) : null;

    /// <summary>Sets the identity and the request for all grain calls that follow in this asynchronous flow.</summary>
    public static void Set(string? userId, string? roles, string? requestId)
    {
        SetUser(userId, roles);
        SetOrRemove(LinkKey, null);
        SetRequest(requestId);
    }

    /// <summary>Sets the identity alone, with the login that proves it.</summary>
    public static void SetUser(string? userId, string? roles, string? loginId = null)
    {
        SetOrRemove(UserKey, userId);
        SetOrRemove(RolesKey, roles);
        SetOrRemove(LoginKey, loginId);
    }

    /// <summary>From here on somebody acts by a link, whoever he is besides.</summary>
    /// <param name="linkId">Id of a link that takes files, and is good.</param>
    public static void ActByLink(string linkId)
    {
        SetUser(null, null);
        SetLink(linkId);
    }

    /// <summary>Sets the id of the HTTP request alone; log lines carry it from here on.</summary>
    public static void SetRequest(string? requestId) => SetOrRemove(RequestKey, requestId);

    /// <summary>States that what follows in this flow is nobody's doing, though a request has set it going: the work for events of many.</summary>
    public static void Leave()
    {
        Set(null, null, null);
        SetLink(null);
        SetOrigin(null, null);
    }

    /// <summary>States that a visitor came by a link; the audit names it.</summary>
    public static void SetLink(string? linkId) => SetOrRemove(LinkKey, linkId);

    /// <summary>Sets where the request comes from, for the audit.</summary>
    /// <param name="address">Address of the client.</param>
    /// <param name="agent">What its program calls itself; cut to <see cref="AgentLengthMax"/>, and what is not printable ASCII is replaced.</param>
    public static void SetOrigin(string? address, string? agent)
    {
        var shown = agent is null || agent.Length <= AgentLengthMax ? agent : agent[..AgentLengthMax];
        if (shown is not null && shown.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            shown = string.Create(shown.Length, shown, static (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                    target[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
            });
        SetOrRemove(OriginKey, address is null && shown is null ? null : $"{address}\n{shown}");
    }

    private static string? Part(string value) => value.Length == 0 ? null : value;

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
