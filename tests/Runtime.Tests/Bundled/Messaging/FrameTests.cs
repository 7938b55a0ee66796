using System.Buffers;
using System.IO.Pipelines;
using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Messages as bytes, whatever their size and however the bytes come in.</summary>
public sealed class FrameTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(MessageLimits.ChunkBytesMax - 1, 7)]
    [InlineData(MessageLimits.ChunkBytesMax, 4096)]
    [InlineData(MessageLimits.ChunkBytesMax + 1, 4096)]
    [InlineData(1_000_003, 65_536)]
    [InlineData(1_000_003, 10_007)]
    public async Task Message_is_read_as_it_was_written(int blockBytes, int pieceBytes)
    {
        var block = new byte[blockBytes];
        new Random(blockBytes).NextBytes(block);
        var written = new MemoryStream();
        var output = PipeWriter.Create(written);
        for (var id = 1; id <= 3; id++)
            await WriteAsync(output, id, block);
        await output.CompleteAsync();

        var input = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var frames = new List<Frame>();
        var reading = new FrameReader(input.Reader, new ReceiveBudget(long.MaxValue), TimeSpan.FromSeconds(30)).ReadAllAsync((in frame) => frames.Add(frame.Keep()), default);
        foreach (var piece in written.ToArray().Chunk(pieceBytes))
            await input.Writer.WriteAsync(piece);
        await input.Writer.CompleteAsync();
        await reading;

        Assert.Equal([1, 2, 3], frames.Select(frame => frame.Id));
        Assert.All(frames, frame =>
        {
            Assert.Equal((FrameKind.Call, (byte)3, 77L), (frame.Kind, frame.ForwardCount, frame.ViewVersion));
            Assert.Equal("head"u8, frame.Header.Span);
            Assert.True(frame.Body.Span.SequenceEqual((byte[])[.. "before"u8, .. block, .. "after"u8]));
        });
    }

    [Fact]
    public async Task Message_that_is_given_up_halfway_is_skipped()
    {
        var input = new Pipe(new PipeOptions(pauseWriterThreshold: 100_000, resumeWriterThreshold: 50_000));
        var frames = new List<Frame>();
        var block = new byte[1 << 20];
        var given = new OutgoingFrame(FrameKind.Call);
        given.EndHeader();
        given.WriteBlock(block);
        given.SetId(1);
        var sending = given.SendAsync(input.Writer);
        given.Abandon();
        var reading = new FrameReader(input.Reader, new ReceiveBudget(long.MaxValue), TimeSpan.FromSeconds(30)).ReadAllAsync((in frame) => frames.Add(frame.Keep()), default);
        await sending;
        await WriteAsync(input.Writer, 2, [5]);
        await input.Writer.CompleteAsync();
        await reading;
        Assert.Equal([2], frames.Select(frame => frame.Id));
    }

    [Fact]
    public async Task Body_may_take_its_time_but_not_stop()
    {
        var time = new ManualTime();
        var input = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 0));
        var reading = new FrameReader(input.Reader, new ReceiveBudget(long.MaxValue), TimeSpan.FromSeconds(30), time).ReadAllAsync((in _) => { }, default);
        var prefix = new byte[Frame.PrefixBytes];
        Frame.WritePrefix(prefix, FrameKind.Call, 0, 1, -1, 0, 8 * MessageLimits.ChunkBytesMax);
        await input.Writer.WriteAsync(prefix);
        for (var chunk = 0; chunk < 7; chunk++)
        {
            // It is written when it was read.
            await input.Writer.WriteAsync((byte[])[.. BitConverter.GetBytes(MessageLimits.ChunkBytesMax), .. new byte[MessageLimits.ChunkBytesMax]]);
            time.Advance(TimeSpan.FromSeconds(20));
            Assert.False(reading.IsCompleted);
        }
        await Phases.Until(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(20));
                return reading.IsCompleted;
            },
            "given up");
        await Assert.ThrowsAsync<InvalidDataException>(() => reading);
    }

    [Fact]
    public void Late_answer_to_a_question_that_was_given_up_finds_nothing()
    {
        var pending = new PendingCalls(countMax: 2);
        Assert.True(pending.TryAdd(new Nobody(), null, out var first));
        Assert.NotNull(pending.Take(first, out _));
        Assert.True(pending.TryAdd(new Nobody(), null, out var second));
        Assert.Null(pending.Take(first, out _));
        Assert.Null(pending.Take(-1, out _));
        Assert.Equal(1, pending.Count);
        Assert.True(pending.TryAdd(new Nobody(), null, out _));
        Assert.False(pending.TryAdd(new Nobody(), null, out _));
        Assert.Equal(2, pending.Close().Count);
        Assert.Null(pending.Take(second, out _));
        Assert.False(pending.TryAdd(new Nobody(), null, out _));
    }

    private static async Task WriteAsync(PipeWriter output, long id, byte[] block)
    {
        var frame = new OutgoingFrame(FrameKind.Call, viewVersion: 77, forwardCount: 3);
        frame.Write("head"u8);
        frame.EndHeader();
        frame.Write("before"u8);
        frame.WriteBlock(block);
        frame.Write("after"u8);
        frame.EndBody();
        frame.SetId(id);
        if (frame.IsChunked)
            await frame.SendAsync(output);
        else
            frame.CopyTo(output);
        await output.FlushAsync();
    }

    private sealed class Nobody : IAwaitsAnswer
    {
        public bool OnAsked(OutgoingConnection connection, long id) => true;

        public void OnAnswer(in Frame answer, OutgoingConnection connection)
        {
        }

        public void OnLost(Exception failure)
        {
        }
    }
}
