namespace GrainVault.Api.Gateway;

/// <summary>Lists in the configuration.</summary>
internal static class Lists
{
    /// <summary>Without empty values: they mean "not set", which an environment file can't say in another way.</summary>
    public static List<string> Given(List<string> values) => values.FindAll(value => !string.IsNullOrWhiteSpace(value));
}
