using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace GrainVault.Bench.Direct;

/// <summary>
/// Events of the store until each has been looked at, against a minimal API that writes them down and never looks. Their keys are of no
/// session, as most that a bucket's other users cause.
/// </summary>
internal sealed class EventRate(BenchSystem system, BenchOptions options)
{
    private const int Parallel = 16;

    public async Task<IEnumerable<string>> RunAsync() => [await RunAsync(1), await RunAsync(100)];

    private async Task<string> RunAsync(int perNotification)
    {
        var count = Math.Max(1, options.SmallFiles / perNotification) * perNotification;
        return await Comparison.RunAsync(
            $"events, {perNotification} a notification, {Parallel} notifications at once",
            "events/s",
            options.Runs,
            async () =>
            {
                var clock = Stopwatch.StartNew();
                await SendAsync(system.Vault.Http, "/v1/ingest/s3-events", count, perNotification);
                while (await CountAsync() > 0)
                {
                    await Task.Delay(1);
                }

                return new Sample(count / clock.Elapsed.TotalSeconds, double.NaN);
            },
            async () =>
            {
                var clock = Stopwatch.StartNew();
                await SendAsync(system.Baseline, "/events", count, perNotification);
                return new Sample(count / clock.Elapsed.TotalSeconds, double.NaN);
            });
    }

    private static Task SendAsync(HttpClient http, string path, int count, int perNotification) => System.Threading.Tasks.Parallel.ForEachAsync(
        Enumerable.Range(0, count / perNotification),
        new ParallelOptions { MaxDegreeOfParallelism = Parallel },
        async (_, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new StringContent(Notification(perNotification), Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", BenchSystem.IngestSecret);
            using var answer = await http.SendAsync(request, token);
            if (answer.StatusCode != HttpStatusCode.NoContent)
            {
                throw new InvalidOperationException($"events were answered with {answer.StatusCode}");
            }
        });

    private static string Notification(int count) => JsonSerializer.Serialize(new
    {
        Records = Enumerable.Range(0, count).Select(_ => Guid.NewGuid().ToString("n")).Select(id => new
        {
            eventVersion = "2.2",
            eventSource = "ceph:s3",
            eventName = "ObjectCreated:Put",
            s3 = new { @object = new { key = $"objects/{id[..2]}/{id}.staged", size = 1, eTag = id } },
        }),
    });

    private async Task<long> CountAsync()
    {
        await using var command = system.Database.CreateCommand("SELECT count(*) FROM store_events");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
