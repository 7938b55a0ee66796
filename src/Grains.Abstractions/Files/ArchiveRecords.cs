using Orleans;

namespace GrainVault.Files;

/// <summary>What an archive of entries, with all that is below them, would hold now.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Roots">The entries themselves, in the order in which they were asked for.</param>
/// <param name="EntryCount">Files and folders, the roots among them; counted no further than asked for.</param>
/// <param name="SizeBytes">Bytes of the files that were counted.</param>
[GenerateSerializer, Immutable, Alias("gv.ArchiveResult")]
public sealed record ArchiveResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<ArchiveEntry> Roots,
    [property: Id(2)] long EntryCount,
    [property: Id(3)] long SizeBytes);

/// <summary>A file or folder for an archive.</summary>
/// <param name="Id">Id of the entry.</param>
/// <param name="Kind">File or folder.</param>
/// <param name="Name">Its name.</param>
/// <param name="ObjectKey">Key of a file's current content; empty when there are no bytes.</param>
/// <param name="SizeBytes">Size of that content in bytes.</param>
/// <param name="ModifiedAt">UTC; last change of the content.</param>
[GenerateSerializer, Immutable, Alias("gv.ArchiveEntry")]
public sealed record ArchiveEntry(
    [property: Id(0)] string Id,
    [property: Id(1)] EntryKind Kind,
    [property: Id(2)] string Name,
    [property: Id(3)] string ObjectKey,
    [property: Id(4)] long SizeBytes,
    [property: Id(5)] DateTimeOffset ModifiedAt);

/// <summary>A file that is about to go into an archive, as it is now.</summary>
/// <param name="Refusal">NotFound when it is gone, in the trash, or the caller may not read it (any more).</param>
/// <param name="Entry">The file; null when it was refused.</param>
[GenerateSerializer, Immutable, Alias("gv.ArchiveEntryResult")]
public sealed record ArchiveEntryResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] ArchiveEntry? Entry);

/// <summary>Some of what stands in a folder, in the order of names.</summary>
/// <param name="Refusal">NotFound when the folder can't be read (any more).</param>
/// <param name="Entries">What the caller may read.</param>
/// <param name="Next">Where the next page begins; null at the end.</param>
[GenerateSerializer, Immutable, Alias("gv.ArchivePageResult")]
public sealed record ArchivePageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<ArchiveEntry> Entries,
    [property: Id(2)] string? Next);

/// <summary>The right of a user to some entries, for whoever presents it, for a short time.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Ids">The entries.</param>
/// <param name="Ticket">What is presented; a secret. Empty where it was checked.</param>
/// <param name="ExpiresAt">Until when it is good.</param>
/// <param name="LoginId">The login that has asked for it; what is read by the ticket ends with that. Empty for a ticket that does not say.</param>
[GenerateSerializer, Immutable, Alias("gv.ArchiveTicketResult")]
public sealed record ArchiveTicketResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] string[] Ids,
    [property: Id(2)] string Ticket,
    [property: Id(3)] DateTimeOffset ExpiresAt,
    [property: Id(4)] string LoginId = "");
