using System.Data.Common;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using GrainVault.Storage;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime;
using Polly;

namespace GrainVault.Api.Http;

/// <summary>What an exception means to the client. Expected outcomes are refusals; exceptions are broken infrastructure and bugs.</summary>
internal static partial class ExceptionProblems
{
    private const int RetryAfterSeconds = 2;

    /// <summary>True when the client has gone away, so that nobody waits for an answer.</summary>
    public static bool IsClientGone(HttpContext context, Exception exception) =>
        exception is ConnectionResetException or ConnectionAbortedException
        || (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested);

    /// <summary>The answer to an exception.</summary>
    public static Problem From(Exception exception) => exception switch
    {
        ProblemException known => known.Problem,
        BadHttpRequestException bad => new Problem(ProblemTypes.OfStatus(bad.StatusCode), DetailOf(bad)),
        // What the server makes of a chunk size that exceeds 64 bits.
        IOException { InnerException: OverflowException } => new Problem(ProblemTypes.BadRequest, "The request can't be understood."),
        ObjectStoreException { Error: ObjectStoreError.Full } => new Problem(ProblemTypes.StoreFull, "The object store has no room left.")
        {
            RetryAfterSeconds = 60,
        },
        _ when IsDependency(exception) => new Problem(ProblemTypes.Unavailable, "A part of the system does not answer; try again.")
        {
            RetryAfterSeconds = RetryAfterSeconds,
        },
        _ => new Problem(ProblemTypes.Unexpected, "This should not have happened; it was logged under the request id.")
        {
            RetryAfterSeconds = RetryAfterSeconds,
        },
    };

    private static bool IsDependency(Exception exception) => exception switch
    {
        DbException database => !IsOfStatement(database),
        DependencyUnavailableException
            or TimeoutException
            or OperationCanceledException
            or OrleansException
            or SocketException
            or HttpRequestException
            or ExecutionRejectedException
            or ObjectStoreException { Error: ObjectStoreError.Unavailable } => true,
        _ => exception.InnerException is { } inner && IsDependency(inner),
    };

    // A database that finds fault with the statement is up, and the fault is ours. SQLSTATE classes 21 and 22: the data, 23: a
    // constraint that no refusal stands for, 42: the statement itself, P0: a function that failed. All others, and errors
    // without a state, are about the server or the way to it.
    private static bool IsOfStatement(DbException exception) =>
        exception.SqlState is { Length: 5 } state && state[..2] is "21" or "22" or "23" or "42" or "P0";

    private static string DetailOf(BadHttpRequestException exception) => exception.StatusCode switch
    {
        StatusCodes.Status408RequestTimeout => "The body arrived too slowly.",
        StatusCodes.Status413PayloadTooLarge => "The body is larger than this path takes.",
        _ when BoundParameter().Match(exception.Message) is { Success: true } match => $"{match.Groups["name"].Value} has a value that can't be read.",
        _ => "The request can't be understood.",
    };

    [GeneratedRegex("""^Failed to bind parameter "[^"]* (?<name>[A-Za-z]+)" """)]
    private static partial Regex BoundParameter();
}
