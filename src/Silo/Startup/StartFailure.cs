using System.Text.RegularExpressions;
using GrainVault.Silo.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace GrainVault.Silo.Startup;

/// <summary>Tells failures that an operator can mend from bugs.</summary>
internal static partial class StartFailure
{
    private const string Prefix = "GrainVault can't start: ";

    /// <summary>One line for the operator, or null when the failure is none that they can mend.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        StartRefusedException => Prefix + exception.Message,
        OptionsValidationException options => Prefix + string.Join(" ", options.Failures).ReplaceLineEndings(" "),
        InvalidOperationException when ConversionPattern().Match(exception.Message) is { Success: true } match =>
            $"{Prefix}{match.Groups["key"].Value} is '{match.Groups["value"].Value}'; allowed: {Allowed(match.Groups["type"].Value)}.",
        IOException { InnerException: AddressInUseException } => $"{Prefix}{exception.Message.TrimEnd('.')}; stop the program that listens there or set ASPNETCORE_URLS to another address.",
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        _ => exception.InnerException is StartRefusedException inner ? Prefix + inner.Message : null,
    };

    private static string Allowed(string type) => type switch
    {
        "System.Int32" or "System.Int64" => "a whole number",
        "System.Boolean" => "true, false",
        "System.TimeSpan" => "a time span such as 00:00:30",
        _ => $"a value of type {type.Split('.')[^1]}",
    };

    [GeneratedRegex("configuration value '(?<value>.*)' at '(?<key>" + OptionsReader.Root + "[^']*)' to type '(?<type>[^']*)'")]
    private static partial Regex ConversionPattern();
}
