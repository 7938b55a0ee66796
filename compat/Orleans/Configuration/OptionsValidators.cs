using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

/// <summary>Idle activations can be found only if they are looked for more often than they grow old.</summary>
internal sealed class GrainCollectionOptionsValidator : IValidateOptions<GrainCollectionOptions>
{
    public ValidateOptionsResult Validate(string? name, GrainCollectionOptions options)
    {
        if (options.CollectionQuantum <= TimeSpan.Zero)
            return ValidateOptionsResult.Fail($"{nameof(options.CollectionQuantum)} is {options.CollectionQuantum}; it must be more than 0.");
        if (options.CollectionAge <= options.CollectionQuantum)
        {
            return ValidateOptionsResult.Fail(
                $"{nameof(options.CollectionAge)} is {options.CollectionAge}; it must be more than {nameof(options.CollectionQuantum)}, {options.CollectionQuantum}.");
        }
        foreach (var (grainClass, age) in options.ClassSpecificCollectionAge)
        {
            if (age <= options.CollectionQuantum)
                return ValidateOptionsResult.Fail($"The collection age of {grainClass} is {age}; it must be more than {options.CollectionQuantum}.");
        }
        return ValidateOptionsResult.Success;
    }
}

/// <summary>A silo needs to know where it belongs.</summary>
internal sealed class ClusterOptionsValidator : IValidateOptions<ClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.ClusterId))
            return ValidateOptionsResult.Fail($"{nameof(options.ClusterId)} is empty.");
        return string.IsNullOrWhiteSpace(options.ServiceId)
            ? ValidateOptionsResult.Fail($"{nameof(options.ServiceId)} is empty.")
            : ValidateOptionsResult.Success;
    }
}
