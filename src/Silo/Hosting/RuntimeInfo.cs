using System.Reflection;

namespace GrainVault.Silo.Hosting;

/// <summary>Which actor runtime this program was built with.</summary>
/// <param name="Name"><c>bundled</c> for compat/Orleans, <c>nuget</c> for the official Microsoft.Orleans packages.</param>
/// <param name="Version">Version of the runtime's assembly.</param>
public sealed record RuntimeInfo(string Name, string Version)
{
    /// <summary>Name of the runtime in this repository.</summary>
    public const string Bundled = "bundled";

    /// <summary>Name of the official runtime.</summary>
    public const string NuGet = "nuget";

    /// <summary>The runtime of this process.</summary>
    public static RuntimeInfo Current { get; } = Detect(typeof(Orleans.IGrain).Assembly);

    /// <summary>True for the runtime in this repository.</summary>
    public bool IsBundled => Name == Bundled;

    private static RuntimeInfo Detect(Assembly assembly)
    {
        var name = assembly.GetName();
        return new RuntimeInfo(
            name.Name!.StartsWith("GrainVault.", StringComparison.Ordinal) ? Bundled : NuGet,
            assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? name.Version!.ToString());
    }
}
