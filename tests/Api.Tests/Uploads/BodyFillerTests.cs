using System.IO.Pipelines;
using System.Security.Cryptography;
using GrainVault.Api.Uploads;

namespace GrainVault.Api.Tests.Uploads;

public sealed class BodyFillerTests
{
    [Theory]
    [InlineData(0, 10, 0, true)]
    [InlineData(9, 10, 9, true)]
    [InlineData(10, 10, 10, true)]
    [InlineData(11, 10, 10, false)]
    [InlineData(1_000_000, 300_000, 300_000, false)]
    public async Task Body_is_read_up_to_the_buffer_and_its_end_is_told(int bodyLength, int bufferLength, int expected, bool isEnd)
    {
        var content = RandomNumberGenerator.GetBytes(bodyLength);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(content);
        await pipe.Writer.CompleteAsync();
        var buffer = new byte[bufferLength];
        using var hash = new BodyHash(needsMd5: true);

        var filled = await BodyFiller.FillAsync(pipe.Reader, buffer, bytes => hash.Append(bytes.Span), default);

        Assert.Equal(new Filled(expected, isEnd), filled);
        Assert.Equal(content[..expected], buffer[..expected]);
        Assert.Equal(SHA256.HashData(content.AsSpan(0, expected)), hash.Sha256());
        Assert.Equal(MD5.HashData(content.AsSpan(0, expected)), hash.Md5());
    }

    [Fact]
    public async Task Body_that_arrives_in_drops_fills_one_buffer_after_the_other()
    {
        var content = RandomNumberGenerator.GetBytes(1000);
        var pipe = new Pipe();
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < content.Length; at += 7)
                await pipe.Writer.WriteAsync(content.AsMemory(at, Math.Min(7, content.Length - at)));
            await pipe.Writer.CompleteAsync();
        });

        var received = new List<byte>();
        Filled filled;
        do
        {
            var buffer = new byte[64];
            filled = await BodyFiller.FillAsync(pipe.Reader, buffer, _ => { }, default);
            received.AddRange(buffer[..filled.Length]);
            Assert.True(filled.IsEnd || filled.Length == 64);
        }
        while (!filled.IsEnd);
        await sending;
        Assert.Equal(content, received);
    }
}
