using System.Globalization;
using GrainVault.Api.Gateway;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>Spreads writes over the keys of the part writers, so that calls of an external client take several gateways.</summary>
internal sealed class PartWriters(IGrainFactory grains, GrainCalls calls)
{
    private static readonly string[] Keys =
        [.. Enumerable.Range(0, IPartWriterGrain.KeyCount).Select(number => string.Create(CultureInfo.InvariantCulture, $"w-{number}"))];

    private int _next;

    /// <summary>Writes a part. A repeat of one that the ledger has writes nothing.</summary>
    public Task<PartResult> WritePartAsync(string uploadId, int number, ReceivedBody body) => calls.RepeatableAsync(
        (Self: this, uploadId, number, body),
        static (call, token) => call.Self.Next().WritePartAsync(new WritePartCommand(call.uploadId, call.number, call.body.HandOver(), call.body.Sha256), token));

    /// <summary>Writes a whole file. A repeat gives the first result.</summary>
    public Task<EntryResult> WriteFileAsync(ReceivedBody body, Func<PartContent, WriteFileCommand> commandOf) => calls.RepeatableAsync(
        (Self: this, body, commandOf),
        static (call, token) => call.Self.Next().WriteFileAsync(call.commandOf(call.body.HandOver()), token));

    private IPartWriterGrain Next() =>
        grains.GetGrain<IPartWriterGrain>(Keys[(uint)Interlocked.Increment(ref _next) % (uint)Keys.Length]);
}
