using System.Globalization;
using Microsoft.Extensions.Options;

namespace GrainVault.Api.Http;

/// <summary>Names the key, the value and what is allowed.</summary>
internal sealed class FrontEndLimitsValidator : IValidateOptions<FrontEndLimits>
{
    public ValidateOptionsResult Validate(string? name, FrontEndLimits options)
    {
        var errors = new List<string>();
        Check(errors, nameof(options.BytesInFlightMax), options.BytesInFlightMax, FrontEndLimits.ProxiedPartBytesMax, long.MaxValue);
        Check(errors, nameof(options.AdmissionWait), options.AdmissionWait, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Check(errors, nameof(options.AdmissionQueueMax), options.AdmissionQueueMax, 0, 100_000);
        Check(errors, nameof(options.BodyBytesPerSecondMin), options.BodyBytesPerSecondMin, 1, 1e9);
        Check(errors, nameof(options.ResponseBytesPerSecondMin), options.ResponseBytesPerSecondMin, 1, 1e9);
        Check(errors, nameof(options.BodyRateGrace), options.BodyRateGrace, TimeSpan.FromSeconds(1.001), TimeSpan.FromMinutes(5));
        Check(errors, nameof(options.JsonBodyBytesMax), options.JsonBodyBytesMax, 1 << 10, 16 << 20);
        Check(errors, nameof(options.ConnectionsMax), options.ConnectionsMax, 1, 1_000_000);
        Check(errors, nameof(options.SignupsPerMinute), options.SignupsPerMinute, 1, 1_000_000);
        Check(errors, nameof(options.SignupAddressesMax), options.SignupAddressesMax, 1, 10_000_000);
        Check(errors, nameof(options.CompleteWait), options.CompleteWait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(110));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Check<T>(List<string> errors, string key, T value, T min, T max)
        where T : IComparable<T>, IFormattable
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{FrontEndLimits.Section}:{key} is {value}; allowed: {min} to {max}."));
    }
}
