using GrainVault.Administration;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Mvc;

namespace GrainVault.Api.Administration;

/// <summary>The query of <c>GET /v1/admin/storage-activity</c>.</summary>
/// <param name="ObjectKey">Calls of this object alone.</param>
/// <param name="Operation">This operation alone, such as put_part.</param>
/// <param name="Outcome">This outcome alone, or failed for all but ok.</param>
/// <param name="From">First time, RFC 3339.</param>
/// <param name="Before">Time before which it was, RFC 3339.</param>
/// <param name="Cursor">From the page before.</param>
/// <param name="Limit">Calls in a page.</param>
internal sealed record ActivityParameters(
    [FromQuery(Name = "objectKey")] string? ObjectKey,
    [FromQuery(Name = "operation")] string? Operation,
    [FromQuery(Name = "outcome")] string? Outcome,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "before")] string? Before,
    [FromQuery(Name = "cursor")] string? Cursor,
    [FromQuery(Name = "limit")] int? Limit)
{
    /// <summary>What is asked of the grain.</summary>
    /// <exception cref="ProblemException">A value is wrong.</exception>
    public StoreCallQuery ToQuery() =>
        new(ObjectKey, Operation, Outcome, QueryTime.Parse("from", From), QueryTime.Parse("before", Before), Cursor, Checks.Limit(Limit));
}

/// <summary>A call of the object store.</summary>
/// <param name="At">When it began, by the clock of the process that made it.</param>
/// <param name="Process">Which process made it.</param>
/// <param name="Store">Name of the store.</param>
/// <param name="Operation">For example put_part.</param>
/// <param name="ObjectKey">Key of the object.</param>
/// <param name="Outcome">ok, cancelled, or the error.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Size">Bytes that it wrote or was to read; absent where that is not known.</param>
internal sealed record ActivityAnswer(
    DateTimeOffset At, string Process, string Store, string Operation, string ObjectKey, string Outcome, double DurationMs, long? Size)
{
    /// <summary>The wire form of a call.</summary>
    public static ActivityAnswer From(StoreCallRecord call) =>
        new(call.At, call.Process, call.Store, call.Operation, call.ObjectKey, call.Outcome, call.Elapsed.TotalMilliseconds, call.SizeBytes);
}

/// <summary>A page of calls, newest first.</summary>
/// <param name="Calls">The calls.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last. A page may be empty and have a next one.</param>
internal sealed record ActivityPageAnswer(IReadOnlyList<ActivityAnswer> Calls, string? NextCursor);
