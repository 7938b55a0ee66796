using System.IO.Pipelines;
using System.Security.Cryptography;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Resilience;
using GrainVault.Silo.Options;
using GrainVault.Storage.Buffers;
using GrainVault.Uploads;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using NSubstitute;
using Orleans;
using Orleans.Runtime;

namespace GrainVault.Api.Tests.Uploads;

/// <summary>What a real system will not do on command: clients that vanish between two steps, and writes that never end.</summary>
public sealed class PartEndpointTests : IDisposable
{
    private static readonly string UploadId = Ids.New(Ids.Upload);
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(2 << 20);
    private readonly PartBufferPool _pool = new(new PartBufferOptions(), TimeProvider.System);
    private readonly BytesInFlight _inFlight = new(64 << 20, 10, TimeSpan.FromSeconds(5), 1, TimeProvider.System);
    private GrainCalls _calls = new(new GrainClusterOptions(), Breakers.Unobserved);
    private readonly IGrainFactory _grains = Substitute.For<IGrainFactory>();
    private readonly IPartWriterGrain _writer = Substitute.For<IPartWriterGrain>();
    private readonly IUploadSessionGrain _session = Substitute.For<IUploadSessionGrain>();

    public PartEndpointTests()
    {
        _grains.GetGrain<IPartWriterGrain>(Arg.Any<string>(), Arg.Any<string?>()).Returns(_writer);
        _grains.GetGrain<IUploadSessionGrain>(UploadId, Arg.Any<string?>()).Returns(_session);
        _session.PlanPartAsync(1, Content.Length, Arg.Any<CancellationToken>()).Returns(new PartPlan(null, Content.Length, Content.Length));
    }

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task Write_goes_on_when_the_client_leaves_after_the_last_byte()
    {
        using var aborted = new CancellationTokenSource();
        var release = new TaskCompletionSource<PartResult>();
        CancellationToken given = default;
        _writer.WritePartAsync(Arg.Any<WritePartCommand>(), Arg.Any<CancellationToken>()).Returns(call =>
        {
            given = call.Arg<CancellationToken>();
            return release.Task;
        });
        var answering = PutAsync(aborted.Token);
        await aborted.CancelAsync();
        Assert.False(given.IsCancellationRequested);
        Assert.False(answering.IsCompleted);
        Assert.Equal(Content.Length, _inFlight.Taken);

        release.SetResult(new PartResult(null, new PartInfo(1, Content.Length, "etag")));
        Assert.IsType<Ok<PartAnswer>>((await answering).Result);
        Assert.Equal((0L, 0L, 2L << 20), (_inFlight.Taken, _pool.RentedSizeBytes, _pool.IdleSizeBytes));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(RefusalReason.UploadClosed, true)]
    [InlineData(RefusalReason.QuotaExceeded, true)]
    [InlineData(RefusalReason.Unavailable, false)]
    [InlineData(RefusalReason.Busy, false)]
    public async Task Buffer_is_used_again_only_after_an_answer_that_ends_the_write(RefusalReason? reason, bool isUsedAgain)
    {
        var result = reason is { } refused ? new PartResult(new Refusal(refused, "no"), null) : new PartResult(null, new PartInfo(1, Content.Length, "etag"));
        _writer.WritePartAsync(Arg.Any<WritePartCommand>(), Arg.Any<CancellationToken>()).Returns(result);
        await PutAsync(default);
        Assert.Equal((0L, 0L, isUsedAgain ? 2L << 20 : 0L), (_inFlight.Taken, _pool.RentedSizeBytes, _pool.IdleSizeBytes));
    }

    [Fact]
    public async Task Buffer_of_a_write_that_timed_out_is_never_used_again()
    {
        ReadOnlyMemory<byte> stalled = default;
        _writer.WritePartAsync(Arg.Any<WritePartCommand>(), Arg.Any<CancellationToken>()).Returns(call =>
        {
            stalled = call.Arg<WritePartCommand>().Content.Bytes;
            return Task.FromException<PartResult>(new TimeoutException());
        });
        await Assert.ThrowsAsync<TimeoutException>(() => PutAsync(default));
        Assert.Equal((0L, 0L, 0L), (_inFlight.Taken, _pool.RentedSizeBytes, _pool.IdleSizeBytes));

        // The next user's bytes go elsewhere, while the stalled write still reads the first user's.
        _writer.WritePartAsync(Arg.Any<WritePartCommand>(), Arg.Any<CancellationToken>()).Returns(new PartResult(null, new PartInfo(1, Content.Length, "etag")));
        await PutAsync(default, new byte[Content.Length]);
        Assert.Equal(Content, stalled.ToArray());
    }

    [Fact]
    public async Task Write_that_was_rejected_is_repeated_and_its_buffer_is_never_used_again()
    {
        _calls = new GrainCalls(new GrainClusterOptions { Mode = ClusterMode.Cohost }, Breakers.Unobserved);
        var contents = new List<byte[]>();
        _writer.WritePartAsync(Arg.Any<WritePartCommand>(), Arg.Any<CancellationToken>()).Returns(call =>
        {
            contents.Add(call.Arg<WritePartCommand>().Content.Bytes.ToArray());
            return contents.Count == 1
                ? Task.FromException<PartResult>(new SiloUnavailableException("gone"))
                : Task.FromResult(new PartResult(null, new PartInfo(1, Content.Length, "etag")));
        });
        Assert.IsType<Ok<PartAnswer>>((await PutAsync(default)).Result);
        Assert.Equal([Content, Content], contents);
        Assert.Equal((0L, 0L, 0L), (_inFlight.Taken, _pool.RentedSizeBytes, _pool.IdleSizeBytes));
    }

    [Fact]
    public async Task Body_that_breaks_off_reaches_no_writer_and_frees_everything()
    {
        await Assert.ThrowsAsync<BadHttpRequestException>(() => PutAsync(default, fail: new BadHttpRequestException("cut")));
        await _writer.DidNotReceiveWithAnyArgs().WritePartAsync(default!, default);
        Assert.Equal((0L, 0L), (_inFlight.Taken, _pool.RentedSizeBytes));
    }

    private async Task<Results<Ok<PartAnswer>, Problem>> PutAsync(CancellationToken aborted, byte[]? content = null, Exception? fail = null)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(content ?? Content);
        await pipe.Writer.CompleteAsync(fail);
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.Features.Set<IRequestBodyPipeFeature>(new BodyPipe(pipe.Reader));
        context.Request.ContentLength = Content.Length;
        return await PartEndpoint.PutAsync(UploadId, 1, context, _grains, _calls, new BodyReceiver(_inFlight, _pool), new PartWriters(_grains, _calls));
    }

    private sealed record BodyPipe(PipeReader Reader) : IRequestBodyPipeFeature;
}
