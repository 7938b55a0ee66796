using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace GrainVault.Api.Http;

/// <summary>
/// Writes access lines in batches. Through the general logger one line costs more processor time than a whole request for
/// metadata. When lines come faster than the console takes them, they are dropped and counted: logging slows nobody down.
/// </summary>
/// <param name="loggers">Decides by category <see cref="Category"/> whether lines are wanted.</param>
/// <param name="output">Where lines go; its writes are atomic among its users.</param>
/// <param name="isJson">JSON lines, otherwise lines for a person.</param>
internal sealed class AccessLog(ILoggerFactory loggers, TextWriter output, bool isJson) : BackgroundService
{
    /// <summary>Category of the lines in the configuration of log levels.</summary>
    public const string Category = "GrainVault.Access";

    /// <summary>Lines that wait at most.</summary>
    public const int QueueMax = 16_384;

    // Long enough to make batches under load, short enough to watch.
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(50);

    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private readonly Channel<AccessLine> _lines = Channel.CreateBounded<AccessLine>(
        new BoundedChannelOptions(QueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _dropped;

    /// <summary>True when lines of the level are wanted.</summary>
    public bool IsEnabled(LogLevel level) => _logger.IsEnabled(level);

    /// <summary>Adds a line, or counts it as dropped.</summary>
    public void Add(in AccessLine line)
    {
        if (!_lines.Writer.TryWrite(line))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Writes what is left.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteBatchAsync();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _lines.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(BatchTime, stoppingToken);
                await WriteBatchAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task WriteBatchAsync()
    {
        var batch = isJson ? JsonBatch() : TextBatch();
        await output.WriteAsync(batch);
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            _logger.LinesDropped(dropped);
    }

    private string JsonBatch()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer);
        for (var count = 0; count < QueueMax && _lines.Reader.TryRead(out var line); count++)
        {
            line.Write(writer);
            writer.Flush();
            writer.Reset();
            buffer.Write("\n"u8);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private string TextBatch()
    {
        var text = new StringBuilder();
        for (var count = 0; count < QueueMax && _lines.Reader.TryRead(out var line); count++)
            text.Append(line.ToString()).Append('\n');
        return text.ToString();
    }
}

internal static partial class AccessLogMessages
{
    [LoggerMessage(1010, LogLevel.Warning, "{Count} access lines were dropped, since the console is too slow for them.")]
    public static partial void LinesDropped(this ILogger logger, long count);
}
