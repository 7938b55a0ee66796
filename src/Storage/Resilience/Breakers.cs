using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GrainVault.Resilience;

/// <summary>Makes the breakers of a process, and shows their states as <c>grainvault.breaker.state</c> on the meter of their subsystem.</summary>
public sealed class Breakers(IOptions<ResilienceOptions> options, TimeProvider time, IMeterFactory? meters = null, ILogger<Breaker>? logger = null)
{
    private readonly ILogger _logger = logger ?? NullLogger<Breaker>.Instance;

    /// <summary>Breakers with default options that nobody observes, for tools.</summary>
    public static Breakers Unobserved => new(Microsoft.Extensions.Options.Options.Create(new ResilienceOptions()), TimeProvider.System);

    /// <summary>The options of all breakers.</summary>
    public ResilienceOptions Options => options.Value;

    /// <summary>Clock of all breakers.</summary>
    public TimeProvider Time => time;

    /// <summary>Makes a breaker.</summary>
    /// <param name="meter">Name of the subsystem's meter.</param>
    /// <param name="dependency">What is called.</param>
    /// <param name="failureShare">Share of failed calls that opens it.</param>
    /// <param name="isOutage">True for exceptions that say that the dependency can't be used.</param>
    public Breaker Create(string meter, string dependency, double failureShare, Func<Exception, bool> isOutage)
    {
        var breaker = new Breaker(dependency, failureShare, options.Value, isOutage, time, _logger);
        meters?.Create(meter).CreateObservableGauge(
            "grainvault.breaker.state",
            () => new Measurement<int>(breaker.State, new KeyValuePair<string, object?>("dependency", dependency)),
            "{state}",
            "State of the breaker: 0 closed, 1 half open, 2 open");
        return breaker;
    }
}
