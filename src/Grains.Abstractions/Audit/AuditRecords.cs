using Orleans;

namespace GrainVault.Audit;

/// <summary>What is asked of the audit. Newest first; a page may be shorter than its limit, or empty, and have a next one.</summary>
/// <param name="OwnerId">Whose chain; null for all.</param>
/// <param name="EntryId">About this entry alone; null for all.</param>
/// <param name="Action">This action alone; null for all.</param>
/// <param name="From">First time; null for the beginning.</param>
/// <param name="Before">Time before which it was; null for now.</param>
/// <param name="Cursor">From the page before.</param>
/// <param name="Limit">1 to 1,000.</param>
[GenerateSerializer, Immutable, Alias("gv.AuditQuery")]
public sealed record AuditQuery(
    [property: Id(0)] string? OwnerId,
    [property: Id(1)] string? EntryId,
    [property: Id(2)] string? Action,
    [property: Id(3)] DateTimeOffset? From,
    [property: Id(4)] DateTimeOffset? Before,
    [property: Id(5)] string? Cursor,
    [property: Id(6)] int Limit);

/// <summary>A row of the audit.</summary>
/// <param name="OwnerId">Whose chain.</param>
/// <param name="Seq">Number in the chain, from 1.</param>
/// <param name="At">When, by PostgreSQL's clock.</param>
/// <param name="ActorKind">user, link, visitor, system, operator or unknown.</param>
/// <param name="ActorId">Id of the user or link; null for the others.</param>
/// <param name="Action">What was done; see <see cref="AuditActions"/>.</param>
/// <param name="EntryId">To what; null for what is about the account.</param>
/// <param name="EntryName">Its name then.</param>
/// <param name="Detail">A flat JSON object of strings; null for none.</param>
/// <param name="Address">Address of the client.</param>
/// <param name="Agent">What the client's program calls itself.</param>
/// <param name="RequestId">The HTTP request.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="Hash">Hash of the row and all before it, lower-case hex.</param>
[GenerateSerializer, Immutable, Alias("gv.AuditRow")]
public sealed record AuditRow(
    [property: Id(0)] string OwnerId,
    [property: Id(1)] long Seq,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] string ActorKind,
    [property: Id(4)] string? ActorId,
    [property: Id(5)] string Action,
    [property: Id(6)] string? EntryId,
    [property: Id(7)] string? EntryName,
    [property: Id(8)] string? Detail,
    [property: Id(9)] string? Address,
    [property: Id(10)] string? Agent,
    [property: Id(11)] string? RequestId,
    [property: Id(12)] string? TraceId,
    [property: Id(13)] string Hash);

/// <summary>A page of the audit.</summary>
[GenerateSerializer, Immutable, Alias("gv.AuditPageResult")]
public sealed record AuditPageResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<AuditRow> Rows, [property: Id(2)] string? NextCursor);
