namespace GrainVault.RateLimits;

/// <summary>What a budget is for.</summary>
public enum RateLimitKind
{
    /// <summary>Requests of one user.</summary>
    User,

    /// <summary>Requests without a token from one address.</summary>
    Address,

    /// <summary>Signups from one address.</summary>
    SignUp,

    /// <summary>Failed logins from one address, whichever accounts they try.</summary>
    LogIn,

    /// <summary>Wrong passwords of links from one address, whichever links they are for.</summary>
    LinkPassword,
}

/// <summary>Keys of <see cref="IRateLimitGrain"/>: the kind, then a user id or the hash of an address.</summary>
public static class RateLimitKeys
{
    /// <summary>The key of a budget.</summary>
    public static string Of(RateLimitKind kind, string name) => Prefix(kind) + name;

    /// <summary>The kind of a key; null when it is none of ours.</summary>
    public static RateLimitKind? KindOf(string key)
    {
        foreach (var kind in Enum.GetValues<RateLimitKind>())
        {
            if (key.StartsWith(Prefix(kind), StringComparison.Ordinal))
                return kind;
        }

        return null;
    }

    private static string Prefix(RateLimitKind kind) => kind switch
    {
        RateLimitKind.User => "rl-u-",
        RateLimitKind.Address => "rl-a-",
        RateLimitKind.SignUp => "rl-s-",
        RateLimitKind.LogIn => "rl-l-",
        RateLimitKind.LinkPassword => "rl-p-",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind."),
    };
}
