using System.Text.Json;
using GrainVault.Api.Http;
using GrainVault.Audit;
using Microsoft.AspNetCore.Mvc;

namespace GrainVault.Api.Audit;

/// <summary>The query of an audit.</summary>
/// <param name="EntryId">About this entry alone.</param>
/// <param name="Action">This action alone.</param>
/// <param name="From">First time, RFC 3339.</param>
/// <param name="Before">Time before which it was, RFC 3339.</param>
/// <param name="Cursor">From the page before.</param>
/// <param name="Limit">Rows in a page.</param>
internal sealed record AuditParameters(
    [FromQuery(Name = "entryId")] string? EntryId,
    [FromQuery(Name = "action")] string? Action,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "before")] string? Before,
    [FromQuery(Name = "cursor")] string? Cursor,
    [FromQuery(Name = "limit")] int? Limit)
{
    /// <summary>What is asked of the grain.</summary>
    /// <exception cref="ProblemException">A value is wrong.</exception>
    public AuditQuery ToQuery(string? userId) =>
        new(userId, EntryId, Action, QueryTime.Parse("from", From), QueryTime.Parse("before", Before), Cursor, Checks.Limit(Limit));
}

/// <summary>A row of the audit.</summary>
/// <param name="OwnerId">Whose chain.</param>
/// <param name="Seq">Number in the chain, from 1.</param>
/// <param name="At">When, by the database's clock.</param>
/// <param name="ActorKind">user, link, visitor, system, operator or unknown.</param>
/// <param name="ActorId">Id of the user or link.</param>
/// <param name="Action">What was done.</param>
/// <param name="EntryId">To what; absent for what is about the account.</param>
/// <param name="EntryName">Its name then.</param>
/// <param name="Detail">More about it, by action.</param>
/// <param name="Address">Address of the client.</param>
/// <param name="UserAgent">What the client's program calls itself.</param>
/// <param name="RequestId">The request, as its response named it.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="Hash">SHA-256 of the row and the hash before it, hexadecimal.</param>
internal sealed record AuditRowAnswer(
    string OwnerId,
    long Seq,
    DateTimeOffset At,
    string ActorKind,
    string? ActorId,
    string Action,
    string? EntryId,
    string? EntryName,
    Dictionary<string, string>? Detail,
    string? Address,
    string? UserAgent,
    string? RequestId,
    string? TraceId,
    string Hash)
{
    /// <summary>The wire form of a row.</summary>
    public static AuditRowAnswer From(AuditRow row) => new(
        row.OwnerId, row.Seq, row.At, row.ActorKind, row.ActorId, row.Action, row.EntryId, row.EntryName, Parse(row.Detail), row.Address, row.Agent,
        row.RequestId, row.TraceId, row.Hash);

    private static Dictionary<string, string>? Parse(string? detail)
    {
        if (detail is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize(detail, ApiJson.Default.DictionaryStringString);
        }
        catch (JsonException)
        {
            // Written by something else than GrainVault: shown as it is.
            return new Dictionary<string, string> { ["text"] = detail };
        }
    }
}

/// <summary>A page of the audit, newest first.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last. A page may be empty and have a next one.</param>
internal sealed record AuditPageAnswer(IReadOnlyList<AuditRowAnswer> Rows, string? NextCursor)
{
    /// <summary>The wire form of a page.</summary>
    public static AuditPageAnswer From(AuditPageResult page) => new(page.Rows.ConvertAll(AuditRowAnswer.From), page.NextCursor);
}
