using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace GrainVault.Api.Tests.Running.Cluster;

/// <summary>A user who comes through two front ends has one budget.</summary>
[Collection(RunningCluster.Name)]
public sealed class SharedBudgetTests(ClusterFixture fixture)
{
    private const int RequestsEach = 200;

    /// <summary>What each front end may admit beyond the budget: one batch, a tenth of the budget.</summary>
    private const int Batch = ClusterFixture.PerSecond / 10;

    private static readonly string[] Headers = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

    [Fact]
    public async Task Budget_of_a_user_holds_over_both_front_ends_and_each_tells_what_is_left()
    {
        using var user = await fixture.SignUpAsync(frontEnd: 1);
        using var second = fixture.CreateClient(frontEnd: 2);
        second.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;

        var clock = Stopwatch.StartNew();
        var answers = await Task.WhenAll(FloodAsync(user.Http), FloodAsync(second));
        var seconds = clock.Elapsed.TotalSeconds;

        foreach (var ofFrontEnd in answers)
            CheckHeaders(ofFrontEnd);
        // At most the budget, what grew meanwhile, and a batch of each front end: two budgets would be twice as much. What a front
        // end has leased for requests that did not wait so long is used by later ones.
        var admitted = answers.Sum(ofFrontEnd => ofFrontEnd.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.InRange(admitted, ClusterFixture.PerSecond / 2, (int)(ClusterFixture.PerSecond * (1 + seconds)) + (2 * Batch));
    }

    private static Task<HttpResponseMessage[]> FloodAsync(HttpClient frontEnd) =>
        Task.WhenAll(Enumerable.Range(0, RequestsEach).Select(_ => frontEnd.GetAsync("/v1/me")));

    private static void CheckHeaders(HttpResponseMessage[] answers)
    {
        foreach (var answer in answers)
        {
            var (limit, remaining, reset) = (Number(answer, Headers[0]), Number(answer, Headers[1]), Number(answer, Headers[2]));
            Assert.Equal(ClusterFixture.PerSecond, limit);
            Assert.InRange(remaining, 0, limit);
            Assert.InRange(reset, 0, 1);
            if (answer.StatusCode == HttpStatusCode.OK)
                continue;
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal((0L, TimeSpan.FromSeconds(reset)), (remaining, answer.Headers.RetryAfter!.Delta!.Value));
        }

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
    }

    private static long Number(HttpResponseMessage answer, string header) =>
        long.Parse(Assert.Single(answer.Headers.GetValues(header)), CultureInfo.InvariantCulture);
}
