using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Options;

/// <summary>
/// Reads a section of <c>GrainVault</c> into options and checks them by their data annotations. The error message of an
/// attribute is what stands after "allowed:".
/// </summary>
public static class OptionsReader
{
    /// <summary>Name of the one configuration section.</summary>
    public const string Root = "GrainVault";

    private static readonly string[] SecretNames = ["ConnectionString", "Password", "Secret", "Key", "Token"];

    /// <summary>The options of a section.</summary>
    /// <exception cref="StartRefusedException">One line for all wrong values: key, value and what is allowed.</exception>
    public static T Read<T>(IConfiguration configuration, string section)
        where T : class, new()
    {
        var target = configuration.GetSection($"{Root}:{section}");
        var options = new T();
        var failures = new List<string>();
        Bind(options, target, failures);
        if (failures.Count == 0)
            Validate(options, target, failures);
        return failures.Count == 0 ? options : throw new StartRefusedException(string.Join(" ", failures));
    }

    /// <summary>Options objects nested in others are sections of their own; everything else is a value.</summary>
    internal static bool IsSection(Type type) =>
        type.IsClass && type != typeof(string) && !typeof(System.Collections.IEnumerable).IsAssignableFrom(type) && type != typeof(Uri);

    private static void Bind(object options, IConfigurationSection section, List<string> failures)
    {
        foreach (var property in Properties(options))
        {
            var child = section.GetSection(property.Name);
            if (IsSection(property.PropertyType))
            {
                Bind(property.GetValue(options) ?? Attach(options, property), child, failures);
                continue;
            }

            try
            {
                // An empty value means "not set": an environment file can't say it in another way.
                if (!child.Exists() || (child.Value is "" && property.PropertyType != typeof(string)))
                    continue;
                if (property.PropertyType.IsEnum && child.Value is { } name && (!Enum.TryParse(property.PropertyType, name, ignoreCase: true, out var value) || !Enum.IsDefined(property.PropertyType, value!)))
                    throw new FormatException(name);
                property.SetValue(options, child.Get(property.PropertyType));
            }
            catch (Exception exception) when (exception is InvalidOperationException or FormatException)
            {
                failures.Add(Failure(child.Path, property, child.Value, Describe(property)));
            }
        }
    }

    private static void Validate(object options, IConfigurationSection section, List<string> failures)
    {
        foreach (var property in Properties(options))
        {
            var value = property.GetValue(options);
            var path = $"{section.Path}:{property.Name}";
            if (value is not null && IsSection(property.PropertyType))
            {
                Validate(value, section.GetSection(property.Name), failures);
                continue;
            }

            var broken = property.GetCustomAttributes<ValidationAttribute>().FirstOrDefault(attribute => !attribute.IsValid(value));
            if (broken is not null)
                failures.Add(Failure(path, property, value, broken.ErrorMessage ?? Describe(property)));
        }

        if (failures.Count > 0 || options is not IValidatableObject self)
            return;
        foreach (var result in self.Validate(new ValidationContext(options)))
        {
            var property = options.GetType().GetProperty(result.MemberNames.First())!;
            failures.Add(Failure($"{section.Path}:{property.Name}", property, property.GetValue(options), result.ErrorMessage!));
        }
    }

    private static IEnumerable<PropertyInfo> Properties(object options) =>
        options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0 && (property.CanWrite || (IsSection(property.PropertyType) && property.CanRead)));

    private static object Attach(object options, PropertyInfo property)
    {
        var created = Activator.CreateInstance(property.PropertyType)!;
        property.SetValue(options, created);
        return created;
    }

    private static string Failure(string path, PropertyInfo property, object? value, string allowed)
    {
        var isSecret = property.DeclaringType == typeof(PostgresOptions) && property.PropertyType == typeof(string) && property.Name is "Identity" or "Catalogue" or "Cluster"
            || SecretNames.Any(name => property.Name.EndsWith(name, StringComparison.Ordinal));
        var shown = isSecret ? "(hidden)" : Show(value);
        return $"{path} is '{shown}'; allowed: {allowed}.";
    }

    private static string Show(object? value) => value switch
    {
        Enum name => name.ToString().ToLowerInvariant(),
        string text => text,
        System.Collections.IEnumerable => "(a list)",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? "",
    };

    private static string Describe(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var kind = type switch
        {
            _ when type.IsEnum => string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant())),
            _ when type == typeof(bool) => "true, false",
            _ when type == typeof(TimeSpan) => "a time span",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ => "a value",
        };
        return property.GetCustomAttribute<RangeAttribute>() is { } range
            ? string.Create(CultureInfo.InvariantCulture, $"{kind} from {range.Minimum} to {range.Maximum}")
            : kind;
    }
}
