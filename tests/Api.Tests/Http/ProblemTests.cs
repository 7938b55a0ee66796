using System.Data.Common;
using GrainVault.Api.Http;
using GrainVault.Storage;
using Microsoft.AspNetCore.Http;
using Orleans.Runtime;

namespace GrainVault.Api.Tests.Http;

public sealed class ProblemTests
{
    [Fact]
    public void Every_refusal_has_its_own_type()
    {
        var types = Enum.GetValues<RefusalReason>().Select(ProblemTypes.Of).ToList();
        Assert.DoesNotContain(ProblemTypes.Unexpected, types);
        Assert.Equal(types.Count, types.Select(type => type.Slug).Distinct().Count());
        Assert.All(types, type => Assert.Matches("^[a-z-]+$", type.Slug));
    }

    [Theory]
    [InlineData(RefusalReason.NotFound, 404, "not-found")]
    [InlineData(RefusalReason.MissingParts, 409, "missing-parts")]
    [InlineData(RefusalReason.WrongPartSize, 400, "part-size")]
    [InlineData(RefusalReason.TooLarge, 413, "too-large")]
    [InlineData(RefusalReason.ChecksumMismatch, 422, "checksum-mismatch")]
    [InlineData(RefusalReason.VersionConflict, 412, "version-conflict")]
    [InlineData(RefusalReason.BadCredentials, 401, "bad-credentials")]
    [InlineData(RefusalReason.Throttled, 429, "throttled")]
    [InlineData(RefusalReason.StoreFull, 503, "store-full")]
    [InlineData(RefusalReason.QuotaExceeded, 507, "quota-exceeded")]
    public void Status_codes_mean_one_thing_each(RefusalReason reason, int status, string slug) =>
        Assert.Equal((status, slug), (ProblemTypes.Of(reason).Status, ProblemTypes.Of(reason).Slug));

    [Fact]
    public void No_exception_becomes_500()
    {
        Exception[] exceptions =
        [
            new TimeoutException(), new DependencyUnavailableException(), new SiloUnavailableException(), new GatewayTooBusyException(), new LimitExceededException(),
            new ObjectStoreException(ObjectStoreError.Unavailable, ""), new ObjectStoreException(ObjectStoreError.Full, ""),
            new ObjectStoreException(ObjectStoreError.Refused, ""), new InvalidOperationException(), new NullReferenceException(),
            new AggregateException(new TimeoutException()), new OperationCanceledException(),
        ];
        Assert.All(exceptions, exception =>
        {
            var problem = ExceptionProblems.From(exception);
            Assert.Equal(503, problem.StatusCode);
            Assert.True(problem.RetryAfterSeconds > 0);
        });
        Assert.Equal("unexpected", ExceptionProblems.From(new InvalidOperationException()).Type.Slug);
        Assert.Equal("store-full", ExceptionProblems.From(exceptions[6]).Type.Slug);
        Assert.Equal("unavailable", ExceptionProblems.From(exceptions[10]).Type.Slug);
        Assert.Equal(413, ExceptionProblems.From(new BadHttpRequestException("", 413)).StatusCode);
        Assert.Equal(503, ProblemTypes.OfStatus(500).Status);
    }

    [Theory]
    [InlineData(null, "unavailable")]
    [InlineData("08006", "unavailable")]
    [InlineData("40001", "unavailable")]
    [InlineData("53300", "unavailable")]
    [InlineData("57P01", "unavailable")]
    [InlineData("22001", "unexpected")]
    [InlineData("23514", "unexpected")]
    [InlineData("42P01", "unexpected")]
    public void Database_that_finds_fault_with_a_statement_is_not_down(string? state, string slug)
    {
        Assert.Equal(slug, ExceptionProblems.From(new DatabaseException(state)).Type.Slug);
        Assert.Equal(slug, ExceptionProblems.From(new InvalidOperationException("around it", new DatabaseException(state))).Type.Slug);
    }

    [Theory]
    [InlineData("abc-123_.:/+=@~", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\"b", false)]
    [InlineData("a\nb", false)]
    [InlineData("ü", false)]
    [InlineData(null, false)]
    public void Request_id_of_a_client_is_taken_when_it_is_safe(string? id, bool safe) => Assert.Equal(safe, RequestIdMiddleware.IsSafe(id));

    [Fact]
    public void Request_id_has_a_longest_length()
    {
        Assert.True(RequestIdMiddleware.IsSafe(new string('a', RequestIdMiddleware.LengthMax)));
        Assert.False(RequestIdMiddleware.IsSafe(new string('a', RequestIdMiddleware.LengthMax + 1)));
    }

    [Theory]
    [InlineData("text/plain", true)]
    [InlineData("text/plain; charset=\"utf-8\"", true)]
    [InlineData("application/vnd.x+json", true)]
    [InlineData("text", false)]
    [InlineData("", false)]
    [InlineData("*/*", false)]
    [InlineData("text/*", false)]
    [InlineData("text/plain\r\nX: y", false)]
    [InlineData("text/plän", false)]
    public void Content_type_can_stand_in_a_header(string value, bool valid) => Assert.Equal(valid, Checks.IsContentType(value));

    private sealed class DatabaseException(string? state) : DbException
    {
        public override string? SqlState { get; } = state;
    }
}
