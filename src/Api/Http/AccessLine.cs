using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace GrainVault.Api.Http;

/// <summary>What is logged about one request.</summary>
internal readonly record struct AccessLine(
    DateTimeOffset At,
    LogLevel Level,
    string Method,
    string Path,
    int Status,
    long? RequestBytes,
    long? ResponseBytes,
    TimeSpan Elapsed,
    string RequestId,
    ActivityTraceId TraceId)
{
    /// <summary>The line in the shape of the console logger's JSON.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("Timestamp"u8, At.UtcDateTime);
        writer.WriteString("LogLevel"u8, Level == LogLevel.Debug ? "Debug"u8 : "Information"u8);
        writer.WriteString("Category"u8, AccessLog.Category);
        writer.WriteStartObject("State"u8);
        writer.WriteString("Method"u8, Method);
        writer.WriteString("Path"u8, Path);
        writer.WriteNumber("Status"u8, Status);
        if (RequestBytes is { } requestBytes)
            writer.WriteNumber("RequestBytes"u8, requestBytes);
        if (ResponseBytes is { } responseBytes)
            writer.WriteNumber("ResponseBytes"u8, responseBytes);
        writer.WriteNumber("ElapsedMs"u8, Math.Round(Elapsed.TotalMilliseconds, 2));
        writer.WriteString("RequestId"u8, RequestId);
        if (TraceId != default)
            writer.WriteString("TraceId"u8, TraceId.ToHexString());
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>The line for a person.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.ToLocalTime():HH:mm:ss.fff} {Method} {Path} {Status} in {Elapsed.TotalMilliseconds:0.0} ms ({RequestId})");
}
