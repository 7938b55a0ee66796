using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;
using Orleans.Messaging;
using Xunit.Abstractions;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Cancellations and losses at any moment. The seed is printed; it decides sizes and order, not the timing.</summary>
public sealed class ChurnTests(ITestOutputHelper output)
{
    private const int CallCount = 400;
    private const byte Spoilt = 0xee;

    [Fact]
    public async Task Content_that_is_cancelled_anywhere_never_arrives_changed()
    {
        var random = NewRandom();
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedBytesMax = 2 << 20, QueuedBytesMax = 64 << 20 });
        IRemoteGrain[] grains = [.. Enumerable.Range(0, 4).Select(_ => cluster.Grain(cluster[0], cluster[1]))];
        var plan = Enumerable.Range(0, CallCount)
            .Select(index => (Value: (byte)(1 + (index % 200)), SizeBytes: random.Next(1000, 1 << 20), Cancels: random.Next(2) == 0, Delay: random.Next(2000)))
            .ToArray();
        var answers = await Task.WhenAll(plan.Chunk(CallCount / 16).Select(async share =>
        {
            var count = 0;
            foreach (var (value, sizeBytes, cancels, delay) in share)
                count += await CallAsync(grains[value % grains.Length], value, sizeBytes, cancels ? TimeSpan.FromMicroseconds(delay) : null);
            return count;
        }));
        output.WriteLine($"{answers.Sum()} of {CallCount} calls were answered.");
        Assert.False(cluster.Phases.IsReached("torn"));
        Assert.True(answers.Sum() >= plan.Count(call => !call.Cancels));
        await Phases.Until(
            () => cluster[1].Connections.Incoming.All(connection => connection is { CallCount: 0, Budget.UsedBytes: 0 }), "nothing is left of them");
        Assert.Equal(0, TestCluster.Connection(cluster[0], cluster[1], Lane.Content).PendingCount);
    }

    [Fact]
    public async Task Calls_end_whenever_their_connection_does()
    {
        var random = NewRandom();
        await using var cluster = await TestCluster.StartAsync(2, configure: silo => silo.Configure<Orleans.Configuration.ConnectionOptions>(
            options => options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(1)));
        var (answered, rejected) = (0, 0);
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 16).Select(async index =>
        {
            var grain = cluster.Grain(cluster[0], cluster[1]);
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    Assert.Equal(index + 1, await grain.Add(index, 1));
                    Interlocked.Increment(ref answered);
                }
                catch (OrleansMessageRejectionException)
                {
                    Interlocked.Increment(ref rejected);
                    await Task.Delay(1);
                }
            }
        }).ToArray();
        for (var round = 0; round < 30; round++)
        {
            var before = Volatile.Read(ref answered);
            await Phases.Until(() => Volatile.Read(ref answered) > before + random.Next(200), "calls are answered");
            foreach (var connection in cluster[1].Connections.Incoming)
                connection.Close(new IOException("The test has closed it."));
        }
        await stop.CancelAsync();
        await Task.WhenAll(callers).WaitAsync(Phases.Patience);
        output.WriteLine($"{answered} calls were answered, {rejected} rejected.");
        Assert.True(rejected > 0);
    }

    private static async Task<int> CallAsync(IRemoteGrain grain, byte value, int sizeBytes, TimeSpan? patience)
    {
        var buffer = new byte[sizeBytes];
        Array.Fill(buffer, value);
        using var source = new CancellationTokenSource();
        if (patience is { } delay)
            source.CancelAfter(delay);
        try
        {
            Assert.Equal(value, await grain.ValueOf(new Content(buffer), source.Token));
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        finally
        {
            // The call has ended: the buffer is used for something else.
            Array.Fill(buffer, Spoilt);
        }
    }

    private Random NewRandom()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}.");
        return new Random(seed);
    }
}
