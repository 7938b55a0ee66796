using Microsoft.Extensions.Options;

namespace GrainVault.Storage.Buffers;

/// <summary>Checks <see cref="PartBufferOptions"/> at start.</summary>
public sealed class PartBufferOptionsValidator : IValidateOptions<PartBufferOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, PartBufferOptions options)
    {
        var failures = new List<string>();
        if (options.RentedSizeBytesMax < PartBufferPool.StepSizeBytes)
            failures.Add($"{PartBufferOptions.Section}:RentedSizeBytesMax is '{options.RentedSizeBytesMax}'; allowed: {PartBufferPool.StepSizeBytes} or more.");
        if (options.IdleSizeBytesMax < 0)
            failures.Add($"{PartBufferOptions.Section}:IdleSizeBytesMax is '{options.IdleSizeBytesMax}'; allowed: 0 or more.");
        if (options.IdleTimeout < TimeSpan.FromSeconds(1) || options.IdleTimeout > TimeSpan.FromHours(1))
            failures.Add($"{PartBufferOptions.Section}:IdleTimeout is '{options.IdleTimeout}'; allowed: 00:00:01 to 01:00:00.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
