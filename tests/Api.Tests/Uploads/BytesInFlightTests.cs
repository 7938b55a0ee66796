using GrainVault.Api.Uploads;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Uploads;

public sealed class BytesInFlightTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Bytes_are_taken_until_the_limit_and_given_back_once()
    {
        var inFlight = Create(bytesMax: 100);
        var first = await inFlight.TakeAsync(60, "u-1", default);
        var second = await inFlight.TakeAsync(40, "u-1", default);
        Assert.Equal(100, inFlight.Taken);
        first!.Dispose();
        first.Dispose();
        Assert.Equal(40, inFlight.Taken);
        second!.Dispose();
        Assert.Equal(0, inFlight.Taken);
    }

    [Fact]
    public async Task Waiters_are_served_in_their_order()
    {
        var inFlight = Create(bytesMax: 100);
        var holder = await inFlight.TakeAsync(100, "u-1", default);
        var large = inFlight.TakeAsync(90, "u-1", default).AsTask();
        var small = inFlight.TakeAsync(20, "u-1", default).AsTask();
        Assert.Equal(2, inFlight.Waiting);

        holder!.Dispose();
        var first = await large;
        Assert.NotNull(first);
        Assert.False(small.IsCompleted);
        first.Dispose();
        Assert.NotNull(await small);
    }

    [Fact]
    public async Task Small_request_does_not_overtake_a_waiting_large_one()
    {
        var inFlight = Create(bytesMax: 100);
        var holder = await inFlight.TakeAsync(50, "u-1", default);
        var large = inFlight.TakeAsync(80, "u-1", default).AsTask();
        var small = inFlight.TakeAsync(10, "u-1", default).AsTask();
        Assert.False(small.IsCompleted);
        holder!.Dispose();
        Assert.NotNull(await large);
        Assert.NotNull(await small);
    }

    [Fact]
    public async Task Full_queue_sheds_at_once()
    {
        var inFlight = Create(bytesMax: 100, queueMax: 1);
        await inFlight.TakeAsync(100, "u-1", default);
        _ = inFlight.TakeAsync(1, "u-1", default).AsTask();
        Assert.Null(await inFlight.TakeAsync(1, "u-1", default));
        Assert.Equal(1, inFlight.Waiting);
    }

    [Fact]
    public async Task Wait_that_is_over_sheds_and_lets_those_behind_go_on()
    {
        var inFlight = Create(bytesMax: 100);
        await inFlight.TakeAsync(50, "u-1", default);
        var large = inFlight.TakeAsync(80, "u-1", default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(3));
        var small = inFlight.TakeAsync(10, "u-1", default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.Null(await large);
        Assert.NotNull(await small);
        Assert.Equal(0, inFlight.Waiting);
        Assert.Equal(60, inFlight.Taken);
    }

    [Fact]
    public async Task Canceled_wait_leaves_nothing_behind()
    {
        var inFlight = Create(bytesMax: 100);
        var holder = await inFlight.TakeAsync(100, "u-1", default);
        using var canceled = new CancellationTokenSource();
        var waiter = inFlight.TakeAsync(10, "u-1", canceled.Token).AsTask();
        await canceled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter);
        holder!.Dispose();
        Assert.Equal((0, 0), (inFlight.Taken, inFlight.Waiting));
    }

    [Fact]
    public async Task Storm_of_takers_never_exceeds_the_limit_and_loses_no_byte()
    {
        var inFlight = new BytesInFlight(100, 1000, TimeSpan.FromSeconds(30), 1, TimeProvider.System);
        var exceeded = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async number =>
        {
            using var admission = await inFlight.TakeAsync(1 + number % 40, "u-1", default);
            if (inFlight.Taken > 100)
                Interlocked.Increment(ref exceeded);
            await Task.Yield();
        }));
        Assert.Equal((0, 0L, 0), (exceeded, inFlight.Taken, inFlight.Waiting));
    }

    private BytesInFlight Create(long bytesMax, int queueMax = 10) => new(bytesMax, queueMax, Wait, 1, _time);
}
