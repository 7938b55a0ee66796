using GrainVault.Api.RateLimits;
using GrainVault.Links;

namespace GrainVault.Api.Uploads;

/// <summary>One of those whose share of the bytes in flight a body takes.</summary>
/// <param name="Name">Who it is; the same name is the same holder.</param>
/// <param name="Share">How much of a user's share it may have, above 0 and up to 1.</param>
internal readonly record struct BodyHolder(string Name, double Share);

/// <summary>
/// Whose the bodies of a request are. A user's are his own. A visitor's, who comes by a link, count for the link's owner, for all who visit
/// him, and for the visitor's address, so that many links are no more than one; and visitors leave half of the owner's share to him.
/// </summary>
/// <param name="All">At least one.</param>
internal sealed record BodyHolders(BodyHolder[] All)
{
    private const double VisitorShare = 0.5;

    /// <summary>From here on the request acts by a link, and its bodies are the visitor's.</summary>
    /// <param name="context">The request.</param>
    /// <param name="right">What the link allows.</param>
    public static void ActByLink(HttpContext context, LinkUploadRight right)
    {
        Caller.ActByLink(right.LinkId);
        // A silo of the version before says nothing of the owner.
        var owner = right.OwnerId ?? right.LinkId;
        context.Features.Set(new BodyHolders([
            new(owner, 1),
            new($"visitors of {owner}", VisitorShare),
            new($"address {AddressKey.Of(context.Connection.RemoteIpAddress).Hash()}", VisitorShare)]));
    }

    /// <summary>Those of a request.</summary>
    public static BodyHolders Of(HttpContext context) => context.Features.Get<BodyHolders>() ?? new BodyHolders([new(Caller.ActorId ?? "", 1)]);
}
