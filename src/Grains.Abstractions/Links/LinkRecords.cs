using GrainVault.Files;
using Orleans;

namespace GrainVault.Links;

/// <summary>What a link is for.</summary>
[GenerateSerializer, Alias("gv.LinkRole")]
public enum LinkRole
{
    /// <summary>Reads the file, or what is in the folder.</summary>
    View = 1,

    /// <summary>Puts files into the folder, and sees nothing of what is in it.</summary>
    Upload = 2,
}

/// <summary>A link as its owner sees it. The token is not part of it: nobody knows it but those who were given the URL.</summary>
/// <param name="Id"><c>ln-&lt;uuid&gt;</c>.</param>
/// <param name="EntryId">File or folder that it leads to.</param>
/// <param name="Role">What it is for.</param>
/// <param name="HasPassword">A password is asked for.</param>
/// <param name="ExpiresAt">UTC; null for never.</param>
/// <param name="DownloadCountMax">Downloads that it allows; null for any number.</param>
/// <param name="DownloadCount">Downloads that were begun.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="FileCountMax">Files that may come by it; null where it takes none.</param>
/// <param name="SizeBytesMax">Bytes that may come by it; null for any number.</param>
/// <param name="FileCount">Files that have come by it.</param>
/// <param name="SizeBytes">Bytes that have come by it.</param>
[GenerateSerializer, Immutable, Alias("gv.Link")]
public sealed record Link(
    [property: Id(0)] string Id,
    [property: Id(1)] string EntryId,
    [property: Id(2)] LinkRole Role,
    [property: Id(3)] bool HasPassword,
    [property: Id(4)] DateTimeOffset? ExpiresAt,
    [property: Id(5)] long? DownloadCountMax,
    [property: Id(6)] long DownloadCount,
    [property: Id(7)] DateTimeOffset CreatedAt,
    [property: Id(8)] long? FileCountMax = null,
    [property: Id(9)] long? SizeBytesMax = null,
    [property: Id(10)] long FileCount = 0,
    [property: Id(11)] long SizeBytes = 0);

/// <summary>Outcome that carries links.</summary>
[GenerateSerializer, Immutable, Alias("gv.LinksResult")]
public sealed record LinksResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<Link> Links);

/// <summary>A new link. Id and token are the natural key: a repeat returns the link as it is.</summary>
/// <param name="LinkId">Id of the link, made by the front end.</param>
/// <param name="TokenHash">See <see cref="LinkTokens.Hash"/>.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Password">1 to 256 characters; null for none.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
/// <param name="DownloadCountMax">Downloads that it allows, 1 or more; null for any number.</param>
/// <param name="FileCountMax">Files that may come by it, 1 or more; null for as many as links may take.</param>
/// <param name="SizeBytesMax">Bytes that may come by it, 1 or more; null for any number.</param>
[GenerateSerializer, Immutable, Alias("gv.CreateLinkCommand")]
public sealed record CreateLinkCommand(
    [property: Id(0)] string LinkId,
    [property: Id(1)] byte[] TokenHash,
    [property: Id(2)] LinkRole Role,
    [property: Id(3)] string? Password,
    [property: Id(4)] DateTimeOffset? ExpiresAt,
    [property: Id(5)] long? DownloadCountMax,
    [property: Id(6)] long? FileCountMax = null,
    [property: Id(7)] long? SizeBytesMax = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"link {LinkId}";
}

/// <summary>What a visitor brings besides the token.</summary>
/// <param name="Proof">That he knew the password, from <see cref="ILinkGrain.UnlockAsync"/>; null when he has none.</param>
/// <param name="Ticket">That his download was counted; null when he has none.</param>
/// <param name="LengthBytes">Bytes of the content that the response has; null for all.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkPass")]
public sealed record LinkPass([property: Id(0)] string? Proof, [property: Id(1)] string? Ticket, [property: Id(2)] long? LengthBytes = null)
{
    /// <summary>Nothing.</summary>
    public static LinkPass None { get; } = new(null, null);

    /// <inheritdoc/>
    public override string ToString() => "pass";
}

/// <summary>What a visitor sees.</summary>
/// <param name="Refusal">NotFound, or BadCredentials when the password is needed first.</param>
/// <param name="Role">What the link is for.</param>
/// <param name="Entry">File or folder; null for a link that only takes files.</param>
/// <param name="IsTop">The entry is the one that the link leads to, not one below it.</param>
/// <param name="ExpiresAt">When the link ends; null for never.</param>
/// <param name="FileSizeBytesMax">Largest file that it still takes, in bytes; 0 where it takes none.</param>
/// <param name="IsFull">As many files or bytes as may have come by it.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkResult")]
public sealed record LinkResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] LinkRole Role,
    [property: Id(2)] Entry? Entry,
    [property: Id(3)] bool IsTop,
    [property: Id(4)] DateTimeOffset? ExpiresAt,
    [property: Id(5)] long FileSizeBytesMax = 0,
    [property: Id(6)] bool IsFull = false);

/// <summary>Outcome of telling the password.</summary>
/// <param name="Refusal">Null when it was right.</param>
/// <param name="Proof">To be brought along from now on; null when refused.</param>
/// <param name="Lifetime">How long the proof is good for.</param>
[GenerateSerializer, Immutable, Alias("gv.UnlockResult")]
public sealed record UnlockResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] string? Proof, [property: Id(2)] TimeSpan Lifetime)
{
    /// <inheritdoc/>
    public override string ToString() => "unlock";
}

/// <summary>Content by a link.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Content">Where the bytes are.</param>
/// <param name="Ticket">Of the download that this call has counted; null when it has counted none.</param>
/// <param name="TicketLifetime">How long the ticket is good for.</param>
/// <param name="IsLimited">The number of downloads is limited, so that none may go past the front end.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkContentResult")]
public sealed record LinkContentResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] ContentDescriptor? Content,
    [property: Id(2)] string? Ticket,
    [property: Id(3)] TimeSpan TicketLifetime,
    [property: Id(4)] bool IsLimited)
{
    /// <inheritdoc/>
    public override string ToString() => "content by a link";
}
