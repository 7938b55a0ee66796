using GrainVault.Options;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>How a session cuts its content into parts: fixed at creation, so that part <em>n</em> always covers the same bytes.</summary>
/// <param name="PartSizeBytes">Size of every part but the last.</param>
/// <param name="PartCount">Number of parts; null while the size is unknown.</param>
/// <param name="IsMultipart">False when one part is the whole object, which needs no multipart upload.</param>
internal sealed record UploadPlan(long PartSizeBytes, int? PartCount, bool IsMultipart)
{
    /// <summary>A raised part size is a multiple of this, in bytes.</summary>
    private const long RaisedPartSizeStepBytes = 1L << 20;

    /// <summary>Makes the plan, or says why there is none.</summary>
    /// <param name="sizeBytes">Size of the whole; null when unknown.</param>
    /// <param name="wantedPartSizeBytes">What the client wants; null for the default.</param>
    /// <param name="store">Limits of the store.</param>
    /// <param name="limits">Limits of the operator.</param>
    /// <param name="partSizeBytesMax">Largest part on the way that the bytes take.</param>
    public static (Refusal? Refusal, UploadPlan? Plan) Make(
        long? sizeBytes, long? wantedPartSizeBytes, StoreProfile store, LimitsOptions limits, long partSizeBytesMax)
    {
        var min = store.PartSizeBytesMin;
        var max = Math.Min(partSizeBytesMax, store.PartSizeBytesMax);
        if (sizeBytes < 0)
            return (Refusals.Invalid("A size is 0 or more."), null);
        if (wantedPartSizeBytes is { } wanted && (wanted < min || wanted > max))
            return (Refusals.Invalid($"A part size is {min} to {max} bytes."), null);
        if (sizeBytes > limits.FileSizeBytesMax || sizeBytes > store.ObjectSizeBytesMax)
            return (TooLarge(Math.Min(limits.FileSizeBytesMax, store.ObjectSizeBytesMax)), null);

        var partSize = Math.Clamp(
            wantedPartSizeBytes ?? (sizeBytes is null ? limits.GrowingPartSizeBytes : limits.PartSizeBytesDefault), min, max);
        if (sizeBytes is not { } size)
            return (null, new UploadPlan(partSize, null, IsMultipart: true));
        if (CountOf(size, partSize) > store.PartCountMax)
            partSize = CountOf(CountOf(size, store.PartCountMax), RaisedPartSizeStepBytes) * RaisedPartSizeStepBytes;
        if (partSize > max)
            return (TooLarge(store.PartCountMax * max), null);
        var count = (int)CountOf(size, partSize);
        return (null, new UploadPlan(partSize, count, count > 1));
    }

    /// <summary>Size that a part must have.</summary>
    /// <param name="number">From 1 to <paramref name="partCount"/>.</param>
    /// <param name="sizeBytes">Size of the whole.</param>
    /// <param name="partSizeBytes">Size of every part but the last.</param>
    /// <param name="partCount">Number of parts.</param>
    public static long SizeOf(int number, long sizeBytes, long partSizeBytes, int partCount) =>
        number < partCount ? partSizeBytes : sizeBytes - ((partCount - 1) * partSizeBytes);

    private static long CountOf(long sizeBytes, long pieceSizeBytes) => (sizeBytes + pieceSizeBytes - 1) / pieceSizeBytes;

    private static Refusal TooLarge(long max) => new(RefusalReason.TooLarge, $"A file has at most {max} bytes.");
}
